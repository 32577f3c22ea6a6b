import type { ActionField } from '../../src/sandbox/admin/forms.ts';
import type { Say } from '../design/language.ts';
import { DeskFrame, sayAt } from './frame.tsx';
import { type ActionResult, DESK, type Desk, type ShownAction } from './view.ts';
import type { DeskKey } from './words.ts';

/** Every action of a wallet with a form of its own. */
export function ActionsPage({
  desk,
  actions,
  result,
  numbers,
}: {
  desk: Desk;
  actions: readonly ShownAction[];
  result: ActionResult | undefined;
  /** Merchants that called of late: what most fields want. */
  numbers: readonly string[];
}) {
  const say = sayAt(desk);
  return (
    <DeskFrame desk={desk}>
      <div class="head">
        <h1>{say('actions_title')}</h1>
        <p class="quiet">{say('actions_help')}</p>
      </div>
      <datalist id="numbers">
        {numbers.map((number) => (
          <option value={number}></option>
        ))}
      </datalist>
      <div class="actions">
        {actions.map((action) => (
          <ActionForm
            action={action}
            say={say}
            result={result?.name === action.name ? result : undefined}
          />
        ))}
      </div>
    </DeskFrame>
  );
}

function ActionForm({
  action,
  say,
  result,
}: {
  action: ShownAction;
  say: Say<DeskKey>;
  result: ActionResult | undefined;
}) {
  const anchor = idOf(action.name);
  return (
    <form
      class="sheet action"
      method="post"
      action={`${DESK}/do/${action.name}#${anchor}`}
      id={anchor}
    >
      <h2 class="mono">{action.name}</h2>
      <p class="quiet small">{action.summary}</p>
      {action.fields.map((field) => (
        <Field
          field={field}
          id={`${anchor}-${idOf(field.name)}`}
          value={result?.given[field.name] ?? ''}
          say={say}
        />
      ))}
      {result === undefined ? null : (
        <div class={result.ok ? 'notice good' : 'notice bad'} role="status">
          <p>{say(result.ok ? 'result_ok' : 'result_bad')}</p>
          <pre>{result.text}</pre>
        </div>
      )}
      <button type="submit" class="button plain">
        {say('run')}
      </button>
    </form>
  );
}

interface FieldProps {
  readonly field: ActionField;
  readonly id: string;
  readonly value: string;
  readonly say: Say<DeskKey>;
}

function Field({ field, id, value, say }: FieldProps) {
  return (
    <div class="field">
      <label for={id}>
        <span class="mono">{field.name || say('json_input')}</span>
        {field.required ? null : <span class="quiet small"> {say('optional')}</span>}
        {field.hint === '' ? null : <span class="quiet small"> {field.hint}</span>}
      </label>
      <Control field={field} id={id} value={value} say={say} />
    </div>
  );
}

function Control({ field, id, value, say }: FieldProps) {
  const { name, kind, required, choices } = field;
  switch (kind) {
    case 'choice':
      return (
        <Choice
          field={field}
          id={id}
          options={choices.map((text) => [text, text])}
          {...{ value, say }}
        />
      );
    case 'yes_no': {
      const options: [string, string][] = [
        ['true', say('yes')],
        ['false', say('no')],
      ];
      return <Choice field={field} id={id} options={options} {...{ value, say }} />;
    }
    case 'number':
      return (
        <input id={id} name={name} type="number" step="any" required={required} value={value} />
      );
    case 'json':
      return (
        <textarea id={id} name={name} rows={3} required={required} spellcheck={false}>
          {value}
        </textarea>
      );
    case 'text':
      return (
        <input
          id={id}
          name={name}
          type="text"
          required={required}
          value={value}
          autocomplete="off"
          list="numbers"
          spellcheck={false}
        />
      );
    default:
      return kind satisfies never;
  }
}

function Choice({
  field,
  id,
  options,
  value,
  say,
}: FieldProps & { options: readonly [string, string][] }) {
  return (
    <select id={id} name={field.name} required={field.required}>
      {field.required ? null : <option value="">{say('unset')}</option>}
      {options.map(([option, text]) => (
        <option value={option} selected={option === value}>
          {text}
        </option>
      ))}
    </select>
  );
}

function idOf(name: string): string {
  return name.replace(/[^\w-]+/g, '-') || 'whole';
}
