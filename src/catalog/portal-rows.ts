import type { ColumnType, Generated } from "kysely";
import type { ENTITY_TABLE, EntityName, Scalar } from "./entities.js";
import type { PortalEnum, PortalEnumValue } from "./portal-enums.js";

/** Schema of the portal's tables. */
export const PORTAL_SCHEMA = "emporium_portal";
/** Schema of the views of these tables that leave out what a session may not see. */
export const SEEN_SCHEMA = "emporium_seen";

type Described<Name extends EntityName> = (typeof ENTITY_TABLE)[Name];

/**
 * Values as they are read and written. Dates are read as text in the API's form, `2024-03-01T00:00:00+00:00`. JSON is written as text:
 * the driver would take a bare array for one of PostgreSQL's own.
 */
interface Values {
  text: string;
  int: number;
  float: number;
  bool: boolean;
  date: ColumnType<string, string | Date, string | Date>;
  json: ColumnType<number[][], string, string>;
}

type Value<Type extends string> = Type extends Scalar ? Values[Type] : Type extends PortalEnum ? PortalEnumValue<Type> : never;

/** `"text!"` is a string, `"text"` may be null and left out. */
type Column<Text extends string> = Text extends `${infer Type}!`
  ? Value<Type>
  : Text extends `${infer Type} = false`
    ? Generated<Value<Type> | null>
    : Nullable<Value<Text>>;
type Nullable<T> =
  T extends ColumnType<infer Read, infer Write, infer Change>
    ? ColumnType<Read | null, Write | null | undefined, Change | null>
    : T | null;

type KeyColumn<Text extends string> = Text extends `${string}!` ? number : number | null;

/** A row of an entity's table. */
type PortalRow<Name extends EntityName> = { id: Generated<number> } & {
  [Key in keyof Described<Name>["keys"]]: KeyColumn<Described<Name>["keys"][Key] & string>;
} & { [Key in keyof Described<Name>["columns"]]: Column<Described<Name>["columns"][Key] & string> };

/** The portal's tables for Kysely, by their full names. */
export type PortalTables = {
  [Name in EntityName as `${typeof PORTAL_SCHEMA}.${Described<Name>["table"]}`]: PortalRow<Name>;
};
