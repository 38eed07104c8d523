import type { Migration } from "kysely";
import { microscopy } from "./0001-microscopy.js";
import { portal } from "./0002-portal.js";
import { adoption } from "./0003-adoption.js";
import { portalImport } from "./0004-portal-import.js";
import { portalSpeed } from "./0005-portal-speed.js";
import { frameValues } from "./0006-frame-values.js";
import { importPrefixes } from "./0007-import-prefixes.js";
import { search } from "./0008-search.js";
import { importTrees } from "./0009-import-trees.js";
import { portalDefaults } from "./0010-portal-defaults.js";
import { seen } from "./0011-seen.js";

/** Every step of the schema in order. A released step is never changed: a new step corrects its errors. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  "0001-microscopy": microscopy,
  "0002-portal": portal,
  "0003-adoption": adoption,
  "0004-portal-import": portalImport,
  "0005-portal-speed": portalSpeed,
  "0006-frame-values": frameValues,
  "0007-import-prefixes": importPrefixes,
  "0008-search": search,
  "0009-import-trees": importTrees,
  "0010-portal-defaults": portalDefaults,
  "0011-seen": seen,
};
