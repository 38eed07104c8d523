/** Path of a Node of this major version (20, 22, 24), fetched once; undefined where it cannot be had. */
export function nodeProgram(major: number): string | undefined;
