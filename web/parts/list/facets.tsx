import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Filter, X } from "lucide-react";
import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import {
  FACETS,
  type FacetChoice,
  type FacetDefinition,
  type FacetRange,
  type ListedKind,
} from "../../../src/model/facet-choice.js";
import type { Facet } from "../../../src/model/page-api.js";
import { count } from "../format.js";
import { Menu } from "../menu.js";
import { Answer } from "../states.js";
import { type Choice, choicesInWords } from "../value-words.js";
import { facetsQuery } from "./facets-query.js";
import type { ListState } from "./state.js";

const SHOWN = 6;
const TYPED_MS = 300;
/** That of the name is called as its only facet, which differs by what is listed. */
const GROUPS: Readonly<Record<Exclude<FacetDefinition["group"], "name">, string>> = {
  sample: "Sample",
  contents: "Contents",
  objects: "Objects",
  hardware: "Hardware",
  tilt: "Tilt series",
  tomogram: "Tomogram",
  annotation: "Annotation",
  people: "People",
  identifiers: "Deposition, archives",
};
const OPEN = new Set<string>(["name", "sample", "contents", "objects"]);

interface FacetsProps {
  readonly of: ListedKind;
  readonly state: ListState;
  /** A menu for each group, in a row, in place of one column. */
  readonly hasMenus?: boolean;
}

/** Values that can be chosen, with the number of rows that each leaves; under 720 px they come up from below. */
export function Facets({ of, state, hasMenus = false }: FacetsProps) {
  const sheet = useRef<HTMLDialogElement>(null);
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    if (isOpen) sheet.current?.showModal();
  }, [isOpen]);
  const chosen = Object.keys(state.choices).length;
  return (
    <>
      <button type="button" className="facets-button" onClick={() => setOpen(true)}>
        <Filter size={16} aria-hidden /> Filters{chosen > 0 && ` (${chosen})`}
      </button>
      <aside className={hasMenus ? "facets facet-menus" : "facets"} aria-label="Filters">
        <Groups of={of} state={state} hasMenus={hasMenus} />
      </aside>
      <dialog ref={sheet} className="sheet" aria-label="Filters" onClose={() => setOpen(false)}>
        <div className="spread">
          <h2>Filters</h2>
          <button type="button" className="bare" aria-label="Close" onClick={() => sheet.current?.close()}>
            <X size={16} aria-hidden />
          </button>
        </div>
        {isOpen && <Groups of={of} state={state} />}
      </dialog>
    </>
  );
}

function Groups({ of, state, hasMenus = false }: FacetsProps) {
  const asked = useQuery({
    ...facetsQuery(of, state.where),
    placeholderData: keepPreviousData,
  });
  return <Answer asked={asked}>{({ facets }) => <Grouped of={of} state={state} facets={facets} hasMenus={hasMenus} />}</Answer>;
}

function Grouped({ of, state, facets: all, hasMenus }: FacetsProps & { readonly facets: readonly Facet[] }) {
  const found = new Map(all.map((facet) => [facet.id, facet]));
  const groups = [...new Set(FACETS[of].map(({ group }) => group))];
  // a group in which something was chosen stays open when that is taken back
  const used = useRef(new Set<string>());
  return groups.map((group) => {
    const facets = FACETS[of].filter((facet) => facet.group === group);
    const parts = facets.flatMap((facet) => {
      const part = <OneFacet key={facet.id} of={of} definition={facet} found={found.get(facet.id)} state={state} />;
      return isEmpty(facet, found.get(facet.id), state.choices[facet.id]) ? [] : [part];
    });
    if (parts.length === 0) return null;
    const title = group === "name" ? facets[0]!.title : GROUPS[group];
    const chosen = facets.filter(({ id }) => state.choices[id] !== undefined).length;
    if (hasMenus)
      return (
        <Menu key={group} summary={chosen > 0 ? `${title} (${chosen})` : title}>
          {parts}
        </Menu>
      );
    if (chosen > 0) used.current.add(group);
    const isOpen = OPEN.has(group) || used.current.has(group);
    return (
      <details key={group} open={isOpen} className="facet-group">
        <summary>{title}</summary>
        {parts}
      </details>
    );
  });
}

/** @param more of one facet: its values that have a text in them */
/** A text once nobody types any more. */
function useLater(text: string): string {
  const [later, setLater] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setLater(text), TYPED_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return later;
}

/** A facet that no row has, unless something of it is chosen. */
function isEmpty({ kind }: FacetDefinition, found: Facet | undefined, choice: FacetChoice | undefined): boolean {
  if (choice !== undefined || kind === "text") return false;
  return kind === "range" ? found?.range === undefined : !found?.values.some(({ count }) => count > 0);
}

interface FacetProps {
  readonly of: ListedKind;
  readonly definition: FacetDefinition;
  readonly found: Facet | undefined;
  readonly state: ListState;
}

function OneFacet(props: FacetProps) {
  const { kind, title } = props.definition;
  const part: ReactNode = kind === "text" ? <Text {...props} /> : kind === "range" ? <Range {...props} /> : <Values {...props} />;
  return (
    <fieldset>
      <legend className={kind === "text" || kind === "contents" ? "hidden" : undefined}>{title}</legend>
      {part}
    </fieldset>
  );
}

function Values({ of, definition: { id, kind, title }, found, state }: FacetProps) {
  const [within, setWithin] = useState("");
  const like = useLater(within.trim());
  const asked = useQuery({
    ...facetsQuery(of, state.where, { facet: id, like }),
    enabled: found?.more === true && like !== "",
  });
  const [showsAll, setShowsAll] = useState(false);
  const choice = state.choices[id];
  const chosen: readonly string[] = Array.isArray(choice) ? choice : [];
  const first = found?.values ?? [];
  const more = asked.data?.facets
    .find((facet) => facet.id === id)
    ?.values.filter(({ value }) => !first.some((one) => one.value === value));
  const known = [...first, ...(more ?? [])];
  const gone = chosen.filter((value) => !known.some((one) => one.value === value)).map((value) => ({ value, count: 0 }));
  const all = choicesInWords(
    id,
    [...gone, ...known].filter(({ value, count }) => count > 0 || chosen.includes(value)),
  );
  const fitting = all.filter(({ words }) => words.toLowerCase().includes(within.toLowerCase()));
  const isChosen = ({ values }: Choice) => values.some((value) => chosen.includes(value));
  const shown =
    kind === "contents" || showsAll || within !== "" ? fitting : fitting.filter((one, at) => at < SHOWN || isChosen(one));
  const turn = ({ values }: Choice, isOn: boolean) => {
    const others = chosen.filter((one) => !values.includes(one));
    const next = isOn ? [...others, ...values] : others;
    state.choose(id, next.length > 0 ? next : undefined);
  };
  return (
    <>
      {kind !== "contents" && all.length > SHOWN && (
        <input
          type="search"
          value={within}
          onChange={({ target }) => setWithin(target.value)}
          placeholder={`Find in ${all.length}${found?.more ? "+" : ""}`}
          aria-label={`Find in ${title}`}
        />
      )}
      {shown.map((one) => (
        <label key={one.words} className="check">
          <input type="checkbox" checked={isChosen(one)} onChange={({ target }) => turn(one, target.checked)} />
          <span className="value" title={one.words}>
            {one.words}
          </span>
          <span className="muted end">{count(one.count)}</span>
        </label>
      ))}
      {fitting.length > shown.length && (
        <button type="button" className="bare" onClick={() => setShowsAll(true)}>
          {fitting.length - shown.length} more
        </button>
      )}
      {found?.more && showsAll && within === "" && (
        <p className="muted">The {first.length} most frequent; others are found by a part of them.</p>
      )}
      {asked.isFetching && <p className="muted">asking…</p>}
    </>
  );
}

/** A lower and an upper end, both with what there is as their hint. */
function Range({ definition: { id, title }, found, state }: FacetProps) {
  const { min, max } = (state.choices[id] as FacetRange | undefined) ?? {};
  const choose = (range: FacetRange) => state.choose(id, range.min === undefined && range.max === undefined ? undefined : range);
  const end = (name: "min" | "max", value: number | undefined) => (
    <input
      key={`${name} ${value}`}
      type="number"
      step="any"
      defaultValue={value}
      placeholder={found?.range ? String(Number(found.range[name].toFixed(2))) : ""}
      aria-label={`${title}, ${name === "min" ? "at least" : "at most"}`}
      onBlur={({ target }) => commit(target)}
      onKeyDown={({ key, currentTarget }) => key === "Enter" && commit(currentTarget)}
    />
  );
  const commit = ({ ariaLabel, value }: HTMLInputElement) => {
    const name = ariaLabel?.endsWith("least") ? "min" : "max";
    const number = value === "" || !Number.isFinite(Number(value)) ? undefined : Number(value);
    if (number !== { min, max }[name]) choose({ min, max, [name]: number });
  };
  return (
    <div className="row">
      {end("min", min)} – {end("max", max)}
    </div>
  );
}

/** A part of the name: the list follows while it is typed, in one step of the history. */
function Text({ definition: { id, title }, state }: FacetProps) {
  const now = typeof state.choices[id] === "string" ? (state.choices[id] as string) : "";
  const [value, setValue] = useState(now);
  const field = useId();
  useEffect(() => setValue(now), [now]);
  const { choose } = state;
  useEffect(() => {
    if (value.trim() === now) return;
    const timer = setTimeout(
      () => choose(id, value.trim() || undefined, { isStep: now === "" || value.trim() === "" }),
      TYPED_MS,
    );
    return () => clearTimeout(timer);
  }, [id, value, now, choose]);
  return (
    <input
      id={field}
      type="search"
      value={value}
      maxLength={200}
      aria-label={title}
      onChange={({ target }) => setValue(target.value)}
    />
  );
}
