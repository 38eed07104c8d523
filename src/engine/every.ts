/** Calls again and again. @returns stops it */
export type Every = (ms: number, heartbeat: () => void) => () => void;

/** Real time. */
export const everyInterval: Every = (ms, heartbeat) => {
  const timer = setInterval(heartbeat, ms);
  timer.unref();
  return () => clearInterval(timer);
};
