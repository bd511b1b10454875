// Prints the one line that ends a run of .ci/run, and exits accordingly: `N passed, N failed[, N
// skipped]`. usage: closing-line.mjs REPORT STATUS — vitest's JSON report, and the exit status of
// `npm test`.
import { readFileSync } from 'node:fs';

const [path = '', status = '1'] = process.argv.slice(2);

function counts() {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8'));
    // A file that could not be loaded has no failed test of its own.
    const broken = report.testResults.filter(
      (file) =>
        file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
    );
    return {
      passed: report.numPassedTests,
      failed: report.numFailedTests + broken.length,
      skipped: report.numPendingTests + report.numTodoTests,
    };
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}

const { passed, failed, skipped } = counts();
// Types or lint that stop the run, and errors outside any test, are seen only in the status.
const failures = failed === 0 && status !== '0' ? 1 : failed;
console.log(`${passed} passed, ${failures} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(failures > 0 ? 1 : 0);
