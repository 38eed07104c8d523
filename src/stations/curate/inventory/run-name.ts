/** Initials, day and counter of one acquisition: `mka2019-05-25-10`. Laboratories write two initials, the portal three. */
export interface RunName {
  readonly who: string;
  readonly date: string;
  /** As written: it may begin with zeros. */
  readonly count: string;
}

const STRICT = /^([a-z]{2,3})(\d{4}-\d{2}-\d{2})-(\d+)$/;

/** A name of exactly the form that the portal uses. */
export function parseRunName(name: string): RunName | undefined {
  const match = STRICT.exec(name);
  return match ? { who: match[1]!, date: match[2]!, count: match[3]! } : undefined;
}

const LOOSE = /^([a-z]{2,3})-?(\d{4})-(\d{2})-(\d{2})-(\d+)$/;

/** The same form in another spelling: capitals, blanks, `_` or nothing in the place of `-` (`MKA_2019_05_25 10`). */
export function looseRunName(name: string): RunName | undefined {
  const match = LOOSE.exec(normalised(name));
  return match ? { who: match[1]!, date: `${match[2]}-${match[3]}-${match[4]}`, count: match[5]! } : undefined;
}

/** Lower case, blanks and `_` as `-`, none at the ends. */
export function normalised(name: string): string {
  return name
    .normalize("NFC")
    .toLowerCase()
    .replace(/[\s_-]+/g, "-")
    .replace(/^-|-$/g, "");
}
