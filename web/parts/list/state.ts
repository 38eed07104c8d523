import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import {
  choiceOfText,
  contentValues,
  FACETS,
  type FacetChoice,
  type FacetChoices,
  type ListedKind,
  textOfChoice,
  whereOf,
} from "../../../src/model/facet-choice.js";
import type { Input } from "../../queries/generated.js";
import { PHONE_PX } from "../page.js";
import { matching, oneOf, type Parameter, several, text, texts, whole } from "../parameter.js";
import { searchOf } from "../search-params.js";
import type { ListSpec } from "./spec.js";

/** Least and greatest width that cards can be asked for, in CSS pixels. */
export const CARD_PX = { least: 120, most: 640, step: 40 } as const;
const size: Parameter<number> = (value) => {
  const px = whole(value);
  return px !== undefined && px >= CARD_PX.least && px <= CARD_PX.most ? px : undefined;
};
/** Without a choice: wider on wider screens, where more of them stand beside each other all the same. */
const cardPxOf = (screenPx: number): number => (screenPx < PHONE_PX ? 150 : screenPx < 1760 ? 232 : screenPx < 2200 ? 290 : 400);
const range = matching(/^(?:-?\d+(?:\.\d+)?\.\.(?:-?\d+(?:\.\d+)?)?|\.\.-?\d+(?:\.\d+)?)$/);

const OWN = {
  sort: matching(/^-?[a-z]{1,20}$/),
  as: oneOf("grid", "table"),
  size,
  row: whole,
  without: text,
};

/** Parameters of a list's address: its own, and its facets' by their ids. */
export function listSearchOf(of: ListedKind | "depositions", more: Parameters<typeof searchOf>[0] = {}) {
  const facets = of === "depositions" ? [] : FACETS[of];
  const contents = of === "depositions" ? [] : contentValues(of);
  const kinds = { text, range, contents: several(oneOf(...contents)), values: texts, entries: texts };
  return searchOf({ ...more, ...Object.fromEntries(facets.map(({ id, kind }) => [id, kinds[kind]])), ...OWN });
}

export interface ListState {
  readonly sort: string;
  readonly as: "grid" | "table";
  /** Least width of a card, in CSS pixels: cards fill the width that there is. */
  readonly size: number;
  /** Place of the row at the top. */
  readonly row: number;
  readonly without: readonly string[];
  readonly choices: FacetChoices;
  /** Filters of the address that are no facets, by their parameters, each with words for it. */
  readonly given: readonly { readonly id: string; readonly label: string }[];
  readonly where: Input;
  readonly orderBy: readonly Input[];
  /** Changes the address, as a step that "back" undoes, or as none: for the place that one scrolled to. */
  change(parts: Readonly<Record<string, unknown>>, options?: { readonly isStep: boolean }): void;
  choose(id: string, choice: FacetChoice | undefined, options?: { readonly isStep: boolean }): void;
  clear(): void;
}

/** What must hold for every row of a list, whatever is chosen in it. */
export interface Fixed {
  readonly where: Input;
  /** Parameter of the address that asks for it, and words for it: it is a filter that can be taken back. Absent: the list is a part of a page of this. */
  readonly given?: { readonly id: string; readonly label: string } | undefined;
}

/** State of a list that its address holds: everything but the selection. */
export function useListState<Row extends { readonly id: number }>(spec: ListSpec<Row>, fixed?: Fixed): ListState {
  const search = useSearch({ strict: false }) as Readonly<Record<string, unknown>>;
  const navigate = useNavigate();
  const rest = JSON.stringify(fixed ?? {});
  return useMemo(() => {
    const definitions = spec.of === "depositions" ? [] : FACETS[spec.of];
    const chosen = definitions.flatMap(({ id, kind }) => {
      const value = search[id];
      const choice = value === undefined ? undefined : choiceOfText(kind, [value].flat().map(String));
      return choice === undefined ? [] : [[id, choice] as const];
    });
    const choices = Object.fromEntries(chosen);
    const { where = {}, given } = JSON.parse(rest) as Partial<Fixed>;
    const sort = typeof search.sort === "string" ? search.sort : "";
    const column = spec.columns.find(({ id, order }) => order && id === sort.replace("-", ""));
    const order = column?.order?.(sort.startsWith("-") ? "desc_nulls_last" : "asc");
    const change: ListState["change"] = (parts, { isStep } = { isStep: true }) =>
      void navigate({
        to: ".",
        search: ((now: object) => ({ ...now, ...parts })) as never,
        replace: !isStep,
        resetScroll: false,
      });
    return {
      sort: column ? sort : "",
      as: spec.card === undefined ? "table" : ((search.as as "grid" | "table" | undefined) ?? spec.asFirst),
      size: (search.size as number | undefined) ?? cardPxOf(innerWidth),
      row: (search.row as number | undefined) ?? 0,
      without: typeof search.without === "string" ? search.without.split(",") : [],
      choices,
      given: given ? [given] : [],
      where: spec.of === "depositions" ? where : whereOf(spec.of, choices, where),
      orderBy: [...(order ? [order] : []), { id: "asc" }],
      change,
      choose: (id, choice, options) =>
        change({ [id]: choice === undefined ? undefined : textOfChoice(choice), row: undefined }, options),
      clear: () =>
        change({
          ...Object.fromEntries([...definitions, ...(given ? [given] : [])].map(({ id }) => [id, undefined])),
          row: undefined,
        }),
    };
  }, [spec, search, navigate, rest]);
}
