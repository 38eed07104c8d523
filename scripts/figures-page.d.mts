import type { Benchmark } from "../bench/registry.mjs";

export type FigureLine = Record<string, unknown> & { readonly figure: string; readonly benchmark: string; readonly code: string };
export function figuresPage(
  lines: readonly FigureLine[],
  benchmarks: readonly Benchmark[],
  digests: Readonly<Record<string, string>>,
): string;
export function readmeTable(lines: readonly FigureLine[]): string;
export function withTable(text: string, table: string): string;
