import type { CoveredCall } from '../../src/sandbox/coverage.ts';
import { DeskFrame, sayAt } from './frame.tsx';
import type { Desk } from './view.ts';

/** Every call the sandbox answers, by section, with what differs from the real wallet. */
export function CoveragePage({ desk, coverage }: { desk: Desk; coverage: readonly CoveredCall[] }) {
  const say = sayAt(desk);
  const groups = [...new Set(coverage.map(({ group }) => group))];
  return (
    <DeskFrame desk={desk}>
      <div class="head">
        <h1>{say('coverage_title')}</h1>
        <p class="quiet">{say('coverage_help')}</p>
      </div>
      {groups.map((group) => (
        <section class="group">
          <h2>{group}</h2>
          <ul class="covered">
            {coverage
              .filter((call) => call.group === group)
              .map((call) => (
                <li>
                  <a class="mono" href={call.doc} rel="noreferrer">
                    {call.call}
                  </a>
                  {call.differs === undefined ? null : (
                    <span class="quiet small">{say('differs', { how: call.differs })}</span>
                  )}
                </li>
              ))}
          </ul>
        </section>
      ))}
    </DeskFrame>
  );
}
