import {
  FAULT_GROUPS,
  FAULTS,
  type Fault,
  type FaultGroup,
  type FaultSetting,
  SENTINELS,
} from '../../src/sandbox/faults.ts';
import { yuanText } from '../design/amount.tsx';
import { type Say, sayer } from '../design/language.ts';
import { walletName } from '../design/wallet-names.ts';
import { Hand } from './hand.tsx';
import type { PhoneView } from './view.ts';
import { faultKey, groupKey, PHONE_WORDS, type PhoneKey, STRENGTHS, strengthKey } from './words.ts';

interface DialProps {
  readonly view: PhoneView;
  readonly say: Say<PhoneKey>;
}

/** The dial in sections that open one by one; what is set shows while they are closed. */
export function FaultPanel({ view }: { view: PhoneView }) {
  const say = sayer(PHONE_WORDS, view.language);
  const wallet = walletName(view.wallet, view.language);
  return (
    <section class="sheet panel" aria-labelledby="faults-title">
      <h2 id="faults-title">{say('faults', { wallet })}</h2>
      <p class="quiet small">{say('faults_help')}</p>
      <form method="post" action="/faults">
        <Hand view={view} />
        <div class="groups">
          {(Object.keys(FAULT_GROUPS) as FaultGroup[]).map((group) => (
            <Group view={view} say={say} group={group} />
          ))}
        </div>
        <button type="submit" class="button plain wide">
          {say('fault_set')}
        </button>
      </form>
      <NarrowSettings view={view} say={say} />
      <Sentinels view={view} say={say} />
      <p>
        <a class="received" href={view.desk_url}>
          {say('received', { wallet })}
        </a>
      </p>
    </section>
  );
}

function Group({ view, say, group }: DialProps & { group: FaultGroup }) {
  const faults: readonly Fault[] = FAULT_GROUPS[group];
  const on = faults.filter((fault) => (view.dial.faults.get(fault) ?? 'off') !== 'off').length;
  return (
    <details class="group" open={on > 0}>
      <summary>
        {say(groupKey(group))}
        {on === 0 ? null : <span class="on">{say('faults_on', { count: on })}</span>}
      </summary>
      <ul class="faults">
        {faults.map((fault) => (
          <FaultRow view={view} say={say} fault={fault} />
        ))}
      </ul>
    </details>
  );
}

function FaultRow({ view, say, fault }: DialProps & { fault: Fault }) {
  const strength = view.dial.faults.get(fault) ?? 'off';
  return (
    <li>
      <label for={fault}>{say(faultKey(fault))}</label>
      <select id={fault} name={fault}>
        {strength === 'custom' ? (
          <option value="custom" selected>
            {say('fault_custom')}
          </option>
        ) : null}
        {STRENGTHS.map((option) => (
          <option value={option} selected={option === strength}>
            {say(strengthKey(option))}
          </option>
        ))}
      </select>
    </li>
  );
}

/** One fault at one operation or amount, so many times: what the sections above cannot say. */
function NarrowSettings({ view, say }: DialProps) {
  const { narrow, operations } = view.dial;
  return (
    <details class="group" open={narrow.length > 0}>
      <summary>
        {say('narrow')}
        {narrow.length === 0 ? null : (
          <span class="on">{say('faults_on', { count: narrow.length })}</span>
        )}
      </summary>
      {narrow.length === 0 ? null : (
        <ul class="narrow">
          {narrow.map((setting) => (
            <li>{narrowText(setting, say)}</li>
          ))}
        </ul>
      )}
      <form class="narrow-form" method="post" action="/fault">
        <Hand view={view} />
        <label for="narrow-fault">{say('narrow_fault')}</label>
        <select id="narrow-fault" name="fault">
          {FAULTS.map((fault) => (
            <option value={fault}>{say(faultKey(fault))}</option>
          ))}
        </select>
        <label for="narrow-operation">{say('narrow_operation')}</label>
        <input id="narrow-operation" name="operation" maxlength={128} list="operations" />
        <datalist id="operations">
          {operations.map((operation) => (
            <option value={operation}></option>
          ))}
        </datalist>
        <label for="narrow-amount">{say('narrow_amount')}</label>
        <input
          id="narrow-amount"
          name="amount"
          inputmode="decimal"
          pattern="[0-9]{1,10}([.][0-9]{1,2})?"
        />
        <Numbers say={say} />
        <button type="submit" class="button plain">
          {say('narrow_set')}
        </button>
        <button type="submit" class="button link" name="clear" value="yes" formnovalidate>
          {say('narrow_clear')}
        </button>
      </form>
    </details>
  );
}

const NUMBERS = [
  { name: 'count', words: 'narrow_count', min: 1, max: 1_000_000, value: '' },
  { name: 'percent', words: 'narrow_probability', min: 0, max: 100, value: '100' },
  { name: 'seed', words: 'narrow_seed', min: 0, max: 4_294_967_295, value: '' },
] as const;

function Numbers({ say }: Pick<DialProps, 'say'>) {
  return (
    <div class="pair">
      {NUMBERS.map(({ name, words, min, max, value }) => (
        <div>
          <label for={`narrow-${name}`}>{say(words)}</label>
          <input
            id={`narrow-${name}`}
            name={name}
            type="number"
            step={1}
            min={min}
            max={max}
            value={value}
          />
        </div>
      ))}
    </div>
  );
}

function narrowText(setting: FaultSetting, say: Say<PhoneKey>): string {
  const { operation, amount, remaining, probability } = setting;
  const parts = [
    say(faultKey(setting.fault)),
    ...(operation === undefined ? [] : [operation]),
    ...(amount === undefined ? [] : [yuanText(amount)]),
    ...(probability === 1 ? [] : [`${Math.round(probability * 100)} %`]),
    ...(remaining === undefined ? [] : [`× ${remaining}`]),
  ];
  return parts.join(' · ');
}

function Sentinels({ view, say }: DialProps) {
  const { sentinels } = view.dial;
  const meanings = Object.entries(SENTINELS) as [Fault, bigint][];
  return (
    <details class="group" open={sentinels}>
      <summary>
        {say('sentinels')}
        {sentinels ? <span class="on">{say('sentinels_on')}</span> : null}
      </summary>
      <p class="quiet small">{say('sentinels_help')}</p>
      <ul class="sentinels">
        {meanings.map(([fault, cents]) => (
          <li>
            <code>…{`.${cents.toString().padStart(2, '0')}`}</code> {say(faultKey(fault))}
          </li>
        ))}
      </ul>
      <form method="post" action="/sentinels">
        <Hand view={view} />
        <button type="submit" class="button plain wide" name="on" value={sentinels ? 'no' : 'yes'}>
          {say(sentinels ? 'sentinels_stop' : 'sentinels_start')}
        </button>
      </form>
    </details>
  );
}
