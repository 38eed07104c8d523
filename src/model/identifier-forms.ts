/** Form of the identifiers of a public registry. */
export interface IdentifierForm {
  /** Name for messages. */
  readonly name: string;
  /** Regular expression that is searched for: without `^` anything may come before it, as in the portal's schema. */
  readonly pattern: string;
  readonly example: string;
  /** Checks beyond the pattern, such as the check digit. Undefined if the text is right, otherwise a description of the error. */
  readonly fault?: ((text: string) => string | undefined) | undefined;
}

const DOI = "(doi:)?10\\.[0-9]{4,9}/[-._;()/:a-zA-Z0-9]+";
const EMPIAR = "EMPIAR-[0-9]{5}";
const EMDB = "EMD-[0-9]{4,5}";
const PDB = "PDB-[0-9a-zA-Z]{4,8}";

export const FORMS = {
  orcid: { ...form("ORCID", "[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X]$", "0000-0002-1825-0097"), fault: orcidFault },
  ror: form("ROR", "^0[a-hj-km-np-tv-z|0-9]{6}[0-9]{2}$", "02mhbdp94"),
  doi: form("DOI", `^${DOI}$`, "10.1101/2022.04.12.488077"),
  doiList: form("list of DOIs", listOf([DOI]), "10.1101/2022.04.12.488077, 10.1038/s41592-020-01054-7"),
  empiar: form("EMPIAR entry", "^EMPIAR-[0-9]+$", "EMPIAR-10988"),
  emdb: form("EMDB entry", `^${EMDB}$`, "EMD-14412"),
  pdb: form("PDB entry", `^${PDB}$`, "PDB-7TTN"),
  entryList: form("list of EMPIAR, EMDB and PDB entries", listOf([EMPIAR, EMDB, PDB]), "EMPIAR-10988, EMD-14412"),
  publicationList: form(
    "list of EMPIAR, EMDB, DOI and PDB entries",
    listOf([EMPIAR, EMDB, DOI, PDB]),
    "EMPIAR-10988, 10.1101/2022.04.12.488077",
  ),
  bto: form("BTO", "^BTO:[0-9]{7}$", "BTO:0000236"),
  cc: form("CC", "^CC-[0-9]{4}$", "CC-0001"),
  cdpo: form("CDPO", "^CDPO:[0-9]{7}$", "CDPO:0000001"),
  chebi: form("CHEBI", "^CHEBI:[0-9]+$", "CHEBI:36080"),
  cl: form("CL", "^CL:[0-9]{7}$", "CL:0000540"),
  cvcl: form("Cellosaurus", "^CVCL_[A-Z0-9]{4,}$", "CVCL_0030"),
  efo: form("EFO", "^EFO:[0-9]{7}$", "EFO:0022601"),
  fbbt: form("FBbt", "FBbt:[0-9]{8}$", "FBbt:00000001"),
  fbdv: form("FBdv", "FBdv:[0-9]{8}$", "FBdv:00005369"),
  go: form("GO", "^GO:[0-9]{7}$", "GO:0005840"),
  hsapdv: form("HsapDv", "HsapDv:[0-9]{7}$", "HsapDv:0000087"),
  mmusdv: form("MmusDv", "MmusDv:[0-9]{7}$", "MmusDv:0000110"),
  mondo: form("MONDO", "^MONDO:[0-9]{7}$", "MONDO:0005015"),
  ncbiTaxon: form("NCBITaxon", "^NCBITaxon:[0-9]+$", "NCBITaxon:3055"),
  pato: form("PATO", "^PATO:[0-9]{7}$", "PATO:0000461"),
  uberon: form("UBERON", "^UBERON:[0-9]{7}$", "UBERON:0000955"),
  uniprot: form(
    "UniProt",
    "^UniProtKB:(?:[OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9](?:[A-Z][A-Z0-9]{2}[0-9]){1,2})$",
    "UniProtKB:P12345",
  ),
  unknown: form("the word unknown", "^unknown$", "unknown"),
  wbbt: form("WBbt", "WBbt:[0-9]{7}$", "WBbt:0005062"),
  wbls: form("WBls", "WBls:[0-9]{7}$", "WBls:0000057"),
  wbStrain: form("WormBase strain", "WBStrain[0-9]{8}$", "WBStrain00000001"),
  zfa: form("ZFA", "ZFA:[0-9]{7}$", "ZFA:0000008"),
  zfs: form("ZFS", "ZFS:[0-9]{7}$", "ZFS:0000047"),
  photo: form(
    "an http(s) or s3 address",
    "^(((https?|s3)://)|cryoetportal-rawdatasets-dev).*$",
    "https://example.org/snapshot.png",
  ),
  /** From the portal's ingestion, not its schema: a slug and a number. */
  annotationIngestId: form("a slug with a number", "^[a-z0-9]+(-[a-z0-9]+)*-[0-9]+$", "cytosolic-ribosome-1"),
} as const satisfies Record<string, IdentifierForm>;

export type FormName = keyof typeof FORMS;

const REGEXES = new Map(Object.entries(FORMS).map(([name, { pattern }]) => [name, new RegExp(pattern)]));

/** Whether a text matches the pattern of a registry. Check digits are checked by `formFault`. */
export function hasForm(text: string, name: FormName): boolean {
  return REGEXES.get(name)!.test(text);
}

/** The error in a text that has the form of an identifier, such as a wrong check digit; undefined where there is none. */
export function formFault(text: string, name: FormName): string | undefined {
  const { fault }: IdentifierForm = FORMS[name];
  return fault?.(text);
}

/** The ORCID that forms and generators write where it is unknown. */
export const NO_ORCID = "0000-0000-0000-0000";

/**
 * The last digit is a sum over the others (ISO 7064, MOD 11-2), `X` for ten: it detects one wrong digit and two swapped digits.
 */
function orcidFault(text: string): string | undefined {
  const found = text.slice(-NO_ORCID.length);
  if (found === NO_ORCID) return undefined;
  const digits = found.replaceAll("-", "");
  const sum = [...digits.slice(0, -1)].reduce((total, digit) => (total + Number(digit)) * 2, 0);
  const check = (12 - (sum % 11)) % 11;
  const wanted = check === 10 ? "X" : String(check);
  return digits.endsWith(wanted) ? undefined : `its check digit is ${digits.at(-1)}, the others give ${wanted}`;
}

function form(name: string, pattern: string, example: string): IdentifierForm {
  return { name, pattern, example };
}

/** Pattern of one or more entries with commas between them, blanks around the commas. */
function listOf(entries: readonly string[]): string {
  const entry = entries.length === 1 ? entries[0]! : `(${entries.join("|")})`;
  return `^${entry}(\\s*,\\s*${entry})*$`;
}
