import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useDeferredValue, useEffect, useId, useRef, useState } from "react";
import type { SearchHits } from "../../src/model/page-api.js";
import { MENU, MENU_READING } from "../../src/model/pages.js";
import { GROUPS } from "../pages/search.js";
import { useSearches, useViews } from "../saved/saved.js";
import { addressNow } from "./address.js";
import { useGo } from "./app-link.js";
import { useCommandWays } from "./command-tabs.js";
import { copyText } from "./copy.js";
import { searchQuery, useServer } from "./queries.js";
import { applyTheme, theme } from "./settings.js";

interface Choice {
  readonly group: string;
  readonly title: string;
  readonly detail?: string;
  take(): void;
}

interface PaletteProps {
  /** Text that was typed before the palette was here, with a line feed where Enter was pressed. */
  early: React.RefObject<string>;
  close: () => void;
  showKeys: () => void;
}

/** Goes anywhere by typing: pages, what the catalogue and the places have, and what can be done here. */
export function Palette({ early, close, showKeys }: PaletteProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  const q = useDeferredValue(text.trim());
  const { data: hits, error, isFetching } = useQuery(searchQuery(q.length < 2 ? "" : q));
  /** Enter was pressed: the choice is taken once the choices are those of the text. */
  const [isEntered, setEntered] = useState(false);
  useEffect(() => {
    dialog.current?.showModal();
    setText(early.current.split("\n")[0]!);
    setEntered(early.current.includes("\n"));
  }, [early]);

  const choices = useChoices(q, hits, close, showKeys);
  const chosen = Math.min(at, choices.length - 1);
  const isOfText = text.trim() === q && (q.length < 2 || !isFetching);
  useEffect(() => {
    if (!isEntered || !isOfText) return;
    setEntered(false);
    choices[chosen]?.take();
  });

  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) setAt((chosen + step + choices.length) % choices.length);
    else if (event.key === "Enter") setEntered(true);
    else return;
    event.preventDefault();
  };
  useEffect(() => {
    // what it answers in newer browsers is no clean-up
    document.getElementById(`${id}-${chosen}`)?.scrollIntoView({ block: "nearest" });
  }, [id, chosen]);
  return (
    <dialog ref={dialog} className="large" onClose={close} aria-label="Search and commands">
      <input
        type="text"
        role="combobox"
        aria-label="Search pages, the catalogue and commands"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={choices.length > 0 ? `${id}-${chosen}` : undefined}
        aria-autocomplete="list"
        autoComplete="off"
        placeholder="A page, a run, an object, a command"
        maxLength={200}
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          setAt(0);
          setEntered(false);
        }}
        onKeyDown={onKey}
      />
      {error && <p className="bad">✕ {error.message}</p>}
      {hits?.nearest && q.length > 1 && <p className="muted">Nearest: {hits.nearest}</p>}
      <div role="listbox" id={`${id}-list`} aria-label="Choices">
        {choices.map((choice, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: keys are the field's, as in every combobox
          <div
            key={`${choice.group} ${choice.title} ${choice.detail}`}
            id={`${id}-${i}`}
            className="row"
            role="option"
            tabIndex={-1}
            aria-selected={i === chosen}
            onClick={choice.take}
          >
            <span>{choice.title}</span> {choice.detail && <span className="muted">{choice.detail}</span>}
            <small className="end">{choice.group}</small>
          </div>
        ))}
      </div>
    </dialog>
  );
}

/** Choices that fit the words: pages and commands of our own, hits of the search, and the search itself. */
function useChoices(q: string, hits: SearchHits | undefined, close: () => void, showKeys: () => void): readonly Choice[] {
  const go = useGo();
  const { places = [], writing } = useServer().data ?? {};
  const ways = useCommandWays();
  const saved = [...useViews({}).views.filter(({ isGone }) => !isGone), ...useSearches()];
  const leave = (action: () => void) => () => {
    close();
    action();
  };
  const to = (group: string, title: string, address: string, detail?: string): Choice => ({
    group,
    title,
    ...(detail && { detail }),
    take: leave(() => go(address)),
  });
  const copy = (what: () => string | Promise<string>) => leave(() => void Promise.resolve(what()).then(copyText));
  const own: Choice[] = [
    ...(writing ? MENU : MENU_READING).map(([address, title]) => to("Pages", title, address)),
    ...saved.map(({ name, to: address, of }) => to("Saved", name, address, of)),
    ...places.map(({ id: place, name }) => to("Pages", `Files of ${name}`, `/browse/${place}`)),
    { group: "Commands", title: "Copy the address of this page", take: copy(addressNow) },
    ...ways.map(({ name, text }) => ({
      group: "Commands",
      title: `Copy the command of this page for ${name === "Terminal" ? "a terminal" : name}`,
      detail: text,
      take: copy(() => text),
    })),
    { group: "Commands", title: "Show all keys", take: leave(showKeys) },
    ...(["light", "dark", "system"] as const).map((name) => ({
      group: "Commands",
      title: `Colours: ${name}`,
      take: leave(() => {
        theme.set(name);
        applyTheme();
      }),
    })),
  ];
  const words = q.toLowerCase().split(/\s+/);
  return [
    ...own.filter(({ title }) => words.every((word) => title.toLowerCase().includes(word))),
    ...(q.length < 2 ? [] : (hits?.groups ?? [])).flatMap(({ kind, hits: some }) =>
      some.map((one) => to(GROUPS[kind], one.title, one.to, one.detail)),
    ),
    ...(q === "" ? [] : [to("Search", `All hits for “${q}”`, `/search?${new URLSearchParams({ q })}`)]),
  ];
}
