export interface Mutant {
  file: string;
  line: number;
  column: number;
  operator: string;
  start: number;
  end: number;
  replacement: string;
  old: string;
  new: string;
}
export function mutantsOf(file: string, text: string): Mutant[];
export function applyMutant(text: string, mutant: Mutant): string;
export function chooseMutants(mutants: readonly Mutant[], count: number, seed: string): Mutant[];
