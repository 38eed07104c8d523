/** Path of an unfinished file. */
export const partPathOf = (target: string) => `${target}.part`;
/** Path of its state, which lists the bytes that a later run may keep. */
export const statePathOf = (target: string) => `${target}.part.json`;
