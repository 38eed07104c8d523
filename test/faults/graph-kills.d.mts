export function makeScene(folder: string, blocks: readonly [number, number, number]): void;
export function resultOf(folder: string): Map<string, string>;
export function runKilled(
  folder: string,
  options: { kills: number; seed: number; step: number; aloneShare?: number },
): Promise<{ kills: number; report: { tasks: number; done: number; already: number; errors: unknown[] } }>;
