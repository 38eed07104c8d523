/** Path of the Chromium that the browser tests use, or undefined where there is none. */
export function findBrowser(env?: NodeJS.ProcessEnv): string | undefined;
