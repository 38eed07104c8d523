/**
 * What every run of the suites prints: vitest's own report, and why tests were skipped. With `EMPORIUM_TEST_JSON=FILE` the results go
 * to a JSON file as well, which the CI script counts.
 */
const json = process.env.EMPORIUM_TEST_JSON;

export const reporters: (string | [string, Record<string, unknown>])[] = ["default", "./test/reporter.ts"];
if (json) reporters.push(["json", { outputFile: json }]);
