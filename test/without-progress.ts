/** What was said on stderr, without the lines that tell how far a command is: on a slow machine one that runs for ten seconds has some. */
export const withoutProgress = (err: string): string => err.replace(/^.*\d+ of \d+ done.*\n/gm, "");
