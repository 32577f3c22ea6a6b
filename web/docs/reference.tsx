import type { Child } from 'hono/jsx';
import type { ErrorCode } from '../../src/errors.ts';
import { ERRORS } from '../../src/errors.ts';
import { Frame } from '../design/layout.tsx';
import { GateMark } from '../design/marks.tsx';
import { type ApiDocument, type Field, fieldsOf, type Operation } from './schema.ts';

/** The API reference, drawn from the same OpenAPI document that `/openapi.json` serves. */
interface Call {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

function callsByTag(document: ApiDocument): Map<string, Call[]> {
  const tags = new Map<string, Call[]>();
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags[0] ?? 'Other';
      tags.set(tag, [...(tags.get(tag) ?? []), { method: method.toUpperCase(), path, operation }]);
    }
  }
  return tags;
}

function DocsFrame(props: { title: string; children?: Child }) {
  return (
    <Frame
      language="en"
      title={props.title}
      skip_text="To the reference"
      styles={['docs.css']}
      body_class="docs"
      header={
        <header>
          <div class="wall"></div>
          <div class="bar">
            <a class="brand" href="/docs">
              <GateMark />
              Hutong API
            </a>
            <a href="/openapi.json">openapi.json</a>
          </div>
        </header>
      }
    >
      {props.children}
    </Frame>
  );
}

export function ReferencePage({ document }: { document: ApiDocument }) {
  const tags = callsByTag(document);
  return (
    <DocsFrame title="Hutong API reference">
      <nav aria-label="Sections">
        {[...tags.keys()].map((tag) => (
          <a href={`#${anchor(tag)}`}>{tag}</a>
        ))}
        <a href="#errors">Errors</a>
      </nav>
      <h1>API reference</h1>
      <p class="lead">
        Version {document.info.version}. {document.info.description} Send{' '}
        <code>Authorization: Bearer sk_…</code> with every call.
      </p>
      {[...tags].map(([tag, calls]) => (
        <section id={anchor(tag)}>
          <h2>{tag}</h2>
          {calls.map((call) => (
            <CallEntry document={document} call={call} />
          ))}
        </section>
      ))}
      <section id="errors">
        <h2>Errors</h2>
        <ErrorTable />
      </section>
    </DocsFrame>
  );
}

function anchor(tag: string): string {
  return tag.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}

function CallEntry({ document, call }: { document: ApiDocument; call: Call }) {
  const { method, path, operation } = call;
  const body = operation.requestBody?.content?.['application/json']?.schema;
  const good = Object.entries(operation.responses).find(([status]) => status.startsWith('2'));
  const answer = good?.[1].content?.['application/json']?.schema;
  const parameters: Field[] = (operation.parameters ?? []).map((parameter) => ({
    name: parameter.name,
    type: parameter.in,
    required: parameter.required ?? false,
    note: parameter.description ?? parameter.schema?.description ?? '',
  }));
  return (
    <article id={operation.operationId}>
      <h3>
        <span class={`method ${method.toLowerCase()}`}>{method}</span> <code>{path}</code>
      </h3>
      <p class="summary">{operation.summary}</p>
      {(operation.description ?? '').split('\n\n').map((paragraph) => (
        <p>
          <WithCode text={paragraph} />
        </p>
      ))}
      <Fields title="Parameters" fields={parameters} />
      <Fields title="Body" fields={fieldsOf(document, body)} />
      <Fields title={`Answer ${good?.[0] ?? ''}`} fields={fieldsOf(document, answer)} folded />
      <p class="refusals">
        Refusals: <RefusalLinks operation={operation} />
      </p>
    </article>
  );
}

/** Words between backquotes as code. */
function WithCode({ text }: { text: string }) {
  return (
    <>{text.split('`').map((part, index) => (index % 2 === 1 ? <code>{part}</code> : part))}</>
  );
}

function RefusalLinks({ operation }: { operation: Operation }) {
  const codes = Object.entries(operation.responses)
    .filter(([status]) => !status.startsWith('2'))
    .flatMap(([, { description }]) => (description ?? '').split(', '))
    .filter((code) => Object.hasOwn(ERRORS, code));
  return (
    <>
      {codes.map((code, index) => (
        <>
          {index === 0 ? '' : ', '}
          <a href={`/docs/errors/${code}`}>{code}</a>
        </>
      ))}
    </>
  );
}

function Fields(props: { title: string; fields: readonly Field[]; folded?: boolean }) {
  if (props.fields.length === 0) return null;
  return (
    <details open={props.folded !== true}>
      <summary>{props.title}</summary>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Type</th>
              <th scope="col">Meaning</th>
            </tr>
          </thead>
          <tbody>
            {props.fields.map((field) => (
              <tr>
                <th scope="row">
                  <code>{field.name}</code>
                  {field.required ? null : <span class="optional"> optional</span>}
                </th>
                <td>{field.type}</td>
                <td>{field.note}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function ErrorTable() {
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Code</th>
            <th scope="col">Status</th>
            <th scope="col">What happened, and what to do</th>
          </tr>
        </thead>
        <tbody>
          {Object.entries(ERRORS).map(([code, entry]) => (
            <tr>
              <th scope="row">
                <a href={`/docs/errors/${code}`}>
                  <code>{code}</code>
                </a>
              </th>
              <td>{entry.status}</td>
              <td>
                {entry.what} {entry.fix}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const RETRIES = {
  never: 'Sending the same request again gives the same refusal.',
  same_key: 'The same request, with the same Idempotency-Key, may be sent again.',
  after_query: 'Read the object first, then decide.',
} as const;

export function ErrorPage({ code }: { code: ErrorCode }) {
  const { type, status, what, fix, retry } = ERRORS[code];
  return (
    <DocsFrame title={`${code} · Hutong API`}>
      <h1>
        <code>{code}</code>
      </h1>
      <p class="lead">{what}</p>
      <dl>
        <dt>What to do</dt>
        <dd>{fix}</dd>
        <dt>Trying again</dt>
        <dd>{RETRIES[retry]}</dd>
        <dt>Type</dt>
        <dd>
          <code>{type}</code>
        </dd>
        <dt>HTTP status</dt>
        <dd>{status}</dd>
      </dl>
      <p>
        <a href="/docs#errors">All errors</a>
      </p>
    </DocsFrame>
  );
}
