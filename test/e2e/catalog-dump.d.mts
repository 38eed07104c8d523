import type pg from "pg";

export const TABLES: string;
export function exactRows(client: pg.Client): Promise<Map<string, string[]>>;
export function namedRows(client: pg.Client): Promise<Map<string, string>>;
