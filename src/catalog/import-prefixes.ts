/** Prefixes of the keys of a tree in the addresses of rows and answers. */
export interface TreePrefixes {
  /** `s3://bucket` or `s3://bucket/folder`, without a last `/`. */
  readonly s3: string;
  /** `https://host/folder`, without a last `/`. */
  readonly https: string;
}

/** Default prefixes in rows: those of one's own portal at its default port. */
export const USUAL_PREFIXES: TreePrefixes = { s3: "s3://portal", https: "http://127.0.0.1:8080/files" };

/** A session that answers statements without parameters. */
interface Asked {
  query<T extends object>(text: string): Promise<{ rows: T[] }>;
}

/** All prefixes that imports have put before addresses in rows, the longest first: one may begin with another. */
export async function knownPrefixes(session: Asked): Promise<string[]> {
  const { rows } = await session.query<{ prefix: string }>(
    `select prefix from (select s3 as prefix from emporium.import_prefix where s3 is not null union select https from emporium.import_prefix) as known
      order by length(prefix) desc, prefix`,
  );
  return rows.map(({ prefix }) => prefix);
}
