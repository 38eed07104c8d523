import type { GraphQLSchema } from "graphql";

export const GENERATED: string;
export function queryFiles(): Record<string, string>;
export function queryTypes(schema: GraphQLSchema, files: Readonly<Record<string, string>>): string;
