/**
 * What is to be stopped when the test file ends. Rigs are started within hooks, where `afterAll`
 * of the runner would register nothing and say nothing.
 */
type Work = () => unknown;

const works: Work[] = [];

export function atFileEnd(work: Work): void {
  works.push(work);
}

/** Last begun, first stopped; all of it, also when something cannot be. */
export async function endFile(): Promise<void> {
  const failures: unknown[] = [];
  for (let work = works.pop(); work; work = works.pop()) {
    try {
      await work();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'not everything could be stopped');
}
