import { shanghaiTime } from '../../src/clock.ts';
import type { LoggedRequest } from '../../src/sandbox/requests.ts';
import type { Say } from '../design/language.ts';
import { DeskFrame, sayAt } from './frame.tsx';
import { DESK, type Desk } from './view.ts';
import type { DeskKey } from './words.ts';

interface ListProps {
  readonly desk: Desk;
  readonly list: readonly LoggedRequest[];
  readonly only: { readonly troubled: boolean; readonly live: boolean };
}

/** The calls a wallet received, newest first. */
export function ListPage({ desk, list, only }: ListProps) {
  const say = sayAt(desk);
  return (
    <DeskFrame desk={desk}>
      <div class="head">
        <h1>{say('tab_calls')}</h1>
        <p class="quiet small">{say('count', { count: desk.counts.calls })}</p>
        <Filter say={say} only={only} />
      </div>
      {list.length === 0 ? <Nothing say={say} troubled={only.troubled} /> : null}
      {list.length === 0 ? null : (
        <div class="wide-table">
          <table class="calls">
            <thead>
              <tr>
                <th class="number">{say('column_number')}</th>
                <th>{say('column_time')}</th>
                <th>{say('column_call')}</th>
                <th>{say('column_caller')}</th>
                <th class="number">{say('column_status')}</th>
                <th>{say('column_verdict')}</th>
                <th class="number">{say('column_duration')}</th>
              </tr>
            </thead>
            <tbody>
              {list.map((call) => (
                <CallRow call={call} say={say} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </DeskFrame>
  );
}

function Filter({ say, only }: { say: Say<DeskKey>; only: ListProps['only'] }) {
  const href = (troubled: boolean, live: boolean) => {
    const query = new URLSearchParams();
    if (troubled) query.set('only', 'troubled');
    if (live) query.set('live', '1');
    return `${DESK}/?${query.toString()}`;
  };
  return (
    <nav class="filter" aria-label={say('show')}>
      <a href={href(false, only.live)} aria-current={only.troubled ? undefined : 'true'}>
        {say('all')}
      </a>
      <a href={href(true, only.live)} aria-current={only.troubled ? 'true' : undefined}>
        {say('troubled')}
      </a>
      <a class="live" href={href(only.troubled, !only.live)}>
        {say(only.live ? 'live_off' : 'live_on')}
      </a>
    </nav>
  );
}

function Nothing({ say, troubled }: { say: Say<DeskKey>; troubled: boolean }) {
  return (
    <div class="sheet empty">
      <p>{say(troubled ? 'none_troubled' : 'none')}</p>
      {troubled ? null : <p class="quiet">{say('none_help')}</p>}
    </div>
  );
}

function CallRow({ call, say }: { call: LoggedRequest; say: Say<DeskKey> }) {
  const bad = call.verdict !== 'ok';
  return (
    <tr class={bad ? 'bad' : undefined}>
      <td class="number">
        <a href={`${DESK}/call/${call.number}`}>{call.number}</a>
      </td>
      <td class="time">{timeOf(call)}</td>
      <td class="call">
        <a href={`${DESK}/call/${call.number}`}>{nameOf(call)}</a>
        {call.operation === null ? <span class="tag">{say('no_such_call')}</span> : null}
      </td>
      <td class="mono caller">{call.caller ?? '—'}</td>
      <td class="number status">{call.status}</td>
      <td class="judged">
        <span class={bad ? 'verdict bad' : 'verdict good'}>{bad ? call.verdict : say('ok')}</span>
        {call.fault === null ? null : (
          <span class="tag fault">{say('fault', { fault: call.fault })}</span>
        )}
        {call.reason === null ? null : <span class="reason">{call.reason}</span>}
      </td>
      <td class="number took">{call.duration_ms}</td>
    </tr>
  );
}

/** The wallet's own name of the call where there is one: a target may be a page of parameters. */
function nameOf({ method, target, operation }: LoggedRequest): string {
  const path = target.split('?')[0] ?? target;
  return operation === null || operation.includes('/') ? `${method} ${path}` : `${operation}`;
}

export function timeOf({ at }: Pick<LoggedRequest, 'at'>): string {
  return shanghaiTime(new Date(at)).slice(11, 19);
}
