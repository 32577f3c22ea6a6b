import { apiPage, openApiFile } from './api.ts';
import { checksPage } from './checks.ts';
import { coveragePage } from './coverage.ts';
import { errorsPage } from './errors.ts';
import { eventsPage } from './events.ts';
import { faultsPage } from './faults.ts';
import { limitsPage } from './limits.ts';
import { sandboxFilePage } from './sandbox-file.ts';
import { settingsPage } from './settings.ts';

/** Every page of docs/reference by its path, with what writes it as it should be today. */
export function referencePages(): ReadonlyMap<string, () => string> {
  return new Map([
    ['docs/reference/README.md', () => INDEX],
    ['docs/reference/api.md', apiPage],
    ['docs/reference/openapi.json', openApiFile],
    ['docs/reference/errors.md', errorsPage],
    ['docs/reference/events.md', eventsPage],
    ['docs/reference/settings.md', settingsPage],
    ['docs/reference/limits.md', limitsPage],
    ['docs/reference/sandbox-file.md', sandboxFilePage],
    ['docs/reference/faults.md', faultsPage],
    ['docs/reference/coverage.md', coveragePage],
    ['docs/reference/checks.md', checksPage],
  ]);
}

const INDEX = `# Reference

Generated from the code by \`node --import tsx scripts/reference.ts\`; a test proves that it is
current. Do not edit these pages.

- [API](api.md), and the same as [OpenAPI 3.1](openapi.json)
- [Errors](errors.md): every code, what happened, what to do
- [Events](events.md): webhooks and the steps of the timeline
- [Settings](settings.md): the environment
- [Limits](limits.md): sizes, counts and times
- [sandbox.json](sandbox-file.md): addresses and keys of a sandbox
- [Faults](faults.md): what the fault dial can break
- [Coverage](coverage.md): which calls of which wallet, and where a sandbox differs
- [Checks](checks.md): the laws that \`hutong check\` proves
`;
