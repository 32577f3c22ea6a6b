import { shanghaiTime } from '../../src/clock.ts';
import type { LoggedRequest, SignatureVerdict } from '../../src/sandbox/requests.ts';
import type { Say } from '../design/language.ts';
import { alignedRows, type Piece, visibleRuns } from './difference.ts';
import { DeskFrame, sayAt } from './frame.tsx';
import { DESK, type Desk } from './view.ts';
import type { DeskKey } from './words.ts';

interface CallProps {
  readonly desk: Desk;
  readonly call: LoggedRequest;
  readonly around: { readonly before: number | undefined; readonly after: number | undefined };
}

/** One call: the verdict and why, then what was signed against what had to be, then the bodies. */
export function CallPage({ desk, call, around }: CallProps) {
  const say = sayAt(desk);
  const bad = call.verdict !== 'ok';
  return (
    <DeskFrame desk={desk}>
      <nav class="filter" aria-label={say('call_title', { number: call.number })}>
        <a href={`${DESK}/`}>{say('back')}</a>
        {around.before ? <a href={`${DESK}/call/${around.before}`}>{say('before')}</a> : null}
        {around.after ? <a href={`${DESK}/call/${around.after}`}>{say('after')}</a> : null}
      </nav>
      <h1 class="mono">
        {call.method} {call.target}
      </h1>
      <div class={bad ? 'notice bad' : 'notice good'}>
        <p class="outcome">
          <strong>
            {call.status} {bad ? call.verdict : say('ok')}
          </strong>
          {call.reason === null ? null : <span>{call.reason}</span>}
        </p>
        {call.fault === null ? null : <p>{say('fault_struck', { fault: call.fault })}</p>}
      </div>
      <Facts call={call} say={say} />
      <SignatureSection signature={call.signature} say={say} />
      <Body title={say('request')} text={call.request_body} say={say} />
      <Body title={say('answer')} text={call.answer_body} say={say} />
    </DeskFrame>
  );
}

function Facts({ call, say }: { call: LoggedRequest; say: Say<DeskKey> }) {
  const facts = [
    [say('at'), shanghaiTime(new Date(call.at)).replace('T', ' ')],
    [say('caller'), call.caller ?? '—'],
    [say('column_call'), call.operation ?? say('no_such_call')],
    [say('duration'), `${call.duration_ms} ms`],
    [say('request_id'), call.wallet_request_id ?? '—'],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div>
          <dt>{name}</dt>
          <dd class="mono">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function SignatureSection({ signature, say }: { signature: SignatureVerdict; say: Say<DeskKey> }) {
  const { state, hint, expected_text, signed_text } = signature;
  return (
    <section aria-labelledby="signature">
      <h2 id="signature">{say('signature')}</h2>
      <p>
        {say(`signature_${state}`)} {hint}
      </p>
      {signed_text !== undefined && expected_text !== undefined ? (
        <Difference signed={signed_text} expected={expected_text} say={say} />
      ) : null}
      {signed_text === undefined && expected_text !== undefined && state !== 'valid' ? (
        <>
          <h3>{say('expected_text')}</h3>
          <pre class="text">
            <Seen text={expected_text} />
          </pre>
          <p class="quiet small">{say('copy_help')}</p>
        </>
      ) : null}
    </section>
  );
}

function Difference({
  signed,
  expected,
  say,
}: {
  signed: string;
  expected: string;
  say: Say<DeskKey>;
}) {
  return (
    <>
      <h3>{say('difference')}</h3>
      <div class="wide-table">
        <table class="difference">
          <thead>
            <tr>
              <th>{say('you_signed')}</th>
              <th>{say('we_expected')}</th>
            </tr>
          </thead>
          <tbody>
            {alignedRows(signed, expected).map((row) => (
              <tr class={row.same ? 'same' : 'other'}>
                <td>
                  <Side piece={row.signed} tag="del" missing={say('missing_part')} />
                </td>
                <td>
                  <Side piece={row.expected} tag="ins" missing={say('missing_part')} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="quiet small">{say('copy_help')}</p>
    </>
  );
}

function Side({
  piece,
  tag: Tag,
  missing,
}: {
  piece: Piece | null;
  tag: 'del' | 'ins';
  missing: string;
}) {
  if (!piece) return <span class="missing">{missing}</span>;
  return (
    <code>
      <Seen text={piece.before} />
      {piece.changed === '' ? null : (
        <Tag>
          <Seen text={piece.changed} />
        </Tag>
      )}
      <Seen text={piece.after} />
    </code>
  );
}

/** Text with a sign for each character the eye cannot see; a line feed also breaks the line. */
function Seen({ text }: { text: string }) {
  return (
    <>
      {visibleRuns(text).map((run) =>
        run.name === null ? (
          run.text
        ) : (
          <span class="unseen" title={run.name}>
            {run.text}
            {run.name === 'LF' ? '\n' : ''}
          </span>
        ),
      )}
    </>
  );
}

function Body({ title, text, say }: { title: string; text: string; say: Say<DeskKey> }) {
  return (
    <section>
      <h2>{title}</h2>
      <pre class="text">{text === '' ? say('empty') : pretty(text)}</pre>
    </section>
  );
}

/** JSON indented and forms one field a line, where they came as one line; else as it came. */
function pretty(text: string): string {
  if (text.includes('\n')) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    if (!/^[\w.%-]+=[^\n]*$/.test(text)) return text;
    return [...new URLSearchParams(text)].map(([name, value]) => `${name} = ${value}`).join('\n');
  }
}
