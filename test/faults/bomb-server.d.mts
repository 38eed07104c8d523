/** @param most the most there was, on Linux */
export function residentMiB(pid: number, most?: boolean): number | undefined;
export interface BombServer {
  readonly url: string;
  readonly pid: number;
  volume(key: string): string;
  said(): string;
  stop(): Promise<void>;
}
export function serving(
  location: string,
  options: { memoryMiB: number; workspace: string; args?: readonly string[] },
): Promise<BombServer>;
export function pulse(url: string): () => Promise<{ worstMs: number; count: number }>;
export function asked(
  address: string,
  limitMs: number,
): Promise<{ status: number; says: string; ms: number; body?: Buffer<ArrayBuffer> }>;
export function command(
  args: readonly string[],
  limitMs: number,
  script?: string,
): Promise<{ status: number | string; said: string; peakMiB: number; seconds: number }>;
export function usedSeconds(pid: number): number;
