/**
 * Flags for the processes of tests: functions are optimised after some ten thousand turns more. A fifth of what these processes take is the optimising
 * compiler, most of it for code that ends soon after; without it at all they take half as much again.
 */
export const WORKER_FLAGS = ["--interrupt-budget=1000000"];
