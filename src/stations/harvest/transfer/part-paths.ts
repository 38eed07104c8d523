/** Of an unfinished file. */
export const partPathOf = (target: string) => `${target}.part`;
/** Of its state: which of its bytes a later run may keep. */
export const statePathOf = (target: string) => `${target}.part.json`;
