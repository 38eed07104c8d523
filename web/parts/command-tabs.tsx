import { base } from "./api.js";
import { type CommandWay, waysOf } from "./command-text.js";
import { command } from "./page.js";
import { useServer } from "./queries.js";
import { shared } from "./store.js";
import { PasteLines, TextTabs } from "./text-tabs.js";
import { hasToken } from "./token.js";

/** The program that was chosen last: whoever works in Python does so on the next page, too. */
const program = shared("");

/** What asks or does the same as the page, in the programs that can. */
export function useCommandWays(): readonly CommandWay[] {
  const what = command.use();
  const isKnown = useServer().data?.access?.viewer !== undefined || hasToken();
  return what ? waysOf(what, { base, isKnown }) : [];
}

/** Commands of the page. */
export default function CommandTabs() {
  const ways = useCommandWays();
  const tabs = ways.map(({ name, says, text }) => ({
    name,
    content: (
      <>
        <p className="muted">{says}</p>
        <PasteLines text={text} label="Copy command" />
      </>
    ),
  }));
  // a page that has come in the place of another may have others
  const key = ways.map(({ name }) => name).join();
  return tabs.length === 1 ? (
    tabs[0]!.content
  ) : (
    <TextTabs key={key} label="Programs" tabs={tabs} first={program.get()} choose={program.set} />
  );
}
