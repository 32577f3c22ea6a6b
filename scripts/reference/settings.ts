import { z } from 'zod';
import { environment } from '../../src/config.ts';
import { SANDBOX_WALLETS } from '../../src/sandbox/sandbox.ts';
import { walletName } from '../../web/design/wallet-names.ts';
import { code, table } from './table.ts';

/** The part of a JSON schema that a setting's form uses. */
const form = z.object({
  description: z.string().optional(),
  default: z.union([z.string(), z.number()]).optional(),
  enum: z.array(z.string()).optional(),
  minimum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  maximum: z.number().optional(),
  format: z.string().optional(),
});
type Form = z.infer<typeof form>;

export function settingsPage(): string {
  const schema = z.object({ properties: z.record(z.string(), form) });
  const { properties } = schema.parse(z.toJSONSchema(environment, { io: 'input' }));
  const rows = Object.entries(properties).map(([name, setting]) => [
    code(name),
    setting.default === undefined ? '' : code(String(setting.default)),
    takes(name, setting),
    setting.description ?? '',
  ]);
  return `# Settings

All settings are environment variables. An empty one counts as not set. A value that is not valid
stops the start with a message that names the setting.

${table(['setting', 'default', 'takes', 'what it is'], rows)}

Secrets are never settings: they are read from files, or written through the API and sealed under the
master key.

## Ports

| | address | setting |
|---|---|---|
| hub: API, checkout, notifications | \`http://127.0.0.1:8080\` | \`HUTONG_PORT\` |
| sandbox phone | \`http://127.0.0.1:8090\` | \`HUTONG_SANDBOX_PORT\` |
${walletPorts()}
| demo shops | \`http://127.0.0.1:8100\` | \`HUTONG_SHOP_PORT\` |

A port that is in use stops the start and names its setting. The embedded PostgreSQL opens no port.
`;
}

/** Each wallet has its place in the row behind the phone, whichever of them run. */
function walletPorts(): string {
  return SANDBOX_WALLETS.map((wallet, index) => {
    const address = code(`http://127.0.0.1:${8091 + index}`);
    return `| ${walletName(wallet, 'en')} sandbox | ${address} | that, plus ${index + 1} |`;
  }).join('\n');
}

function takes(name: string, setting: Form): string {
  if (setting.enum) return setting.enum.map(code).join(', ');
  if (name === 'DATABASE_URL') return 'a URL that begins with `postgres://`';
  if (setting.format === 'uri') return 'a URL';
  const { minimum, exclusiveMinimum, maximum } = setting;
  const least = exclusiveMinimum === undefined ? minimum : undefined;
  if (least === undefined && exclusiveMinimum === undefined) return 'text';
  const most = maximum === undefined || maximum > 1e12 ? undefined : maximum;
  if (exclusiveMinimum !== undefined) return `above ${exclusiveMinimum}, at most ${most}`;
  return most === undefined ? `${least} or more` : `${least} to ${most}`;
}
