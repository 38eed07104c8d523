import { z } from "zod";
import { EmporiumError } from "../core/errors.js";
import type { BatchState } from "../stations/curate/ledger/states.js";
import { command } from "./command.js";
import { ledgerOption } from "./curate-options.js";
import { printReport } from "./report.js";

export default command({
  name: "curate batches",
  summary: "Show and edit the ledger of batches: what was collected, submitted, accepted; what remains",
  details: [
    "list shows the batches; list ID … selects some, --state and --label filter, --history prints every line. add ID enters a batch that was submitted before the ledger existed. set ID STATE changes its state, and set ID --note … adds a note. remaining DIR … --matches FILE lists what remains by label, species and drive.",
    "A batch goes draft → packed → submitted → accepted → published; from submitted it may become rejected, and then starts again as draft. The ledger keeps the time of each change. curate collect creates drafts and packs them. A content is in at most one batch that was not rejected.",
    "The ledger is curate/ledger/batches.jsonl in the workspace; lines are only added. --ledger names a folder or bucket that several people share; commands write to it one after the other.",
  ],
  positionals: ["action", "word"],
  options: z.object({
    action: z.enum(["list", "add", "set", "remaining"]).meta({ description: "the action", value: "list|add|set|remaining" }),
    word: z
      .array(z.string())
      .default([])
      .meta({ description: "names of batches, a name and a state, or folders of the archive", value: "WORD" }),
    state: z.string().optional().meta({ description: "state to list, or the first state of a new batch" }),
    label: z.string().optional().meta({ description: "label of its models" }),
    drive: z.array(z.string()).optional().meta({ description: "drive of its models", value: "NAME" }),
    species: z.array(z.string()).optional().meta({ description: "species", value: "NAME" }),
    recipient: z.string().optional().meta({ description: "recipient of the batch" }),
    note: z.string().optional().meta({ description: "a free note" }),
    history: z.boolean().default(false).meta({ description: "list every line of each batch" }),
    ...ledgerOption,
    matches: z.string().optional().meta({ description: "table of matched runs, for remaining", value: "FILE" }),
    vocabulary: z.string().optional().meta({ description: "further labels, YAML or CSV, for remaining", value: "FILE" }),
  }),
  examples: [
    {
      run: "emporium curate batches add old-d3-MS --label MS --drive grp_tomo_db1_d3 --state submitted --note 'sent before there was a ledger'",
      says: "enter an earlier submission",
    },
    { run: "emporium curate batches set old-d3-MS accepted", says: "the next state" },
    { run: "emporium curate batches list", says: "all of them" },
    {
      run: "emporium curate batches remaining demo-out/archive/grp_tomo_db1_d4 --matches demo-out/archive/matching_runs.csv",
      says: "what remains on a drive",
    },
  ],
  async run({ action, word, state, label, drive, species, recipient, note, history, matches, vocabulary, ledger }, io) {
    const [{ addBatch, listBatches, setBatch }, { parseState }, { remainingGroups }] = await Promise.all([
      import("../stations/curate/ledger/batches.js"),
      import("../stations/curate/ledger/states.js"),
      import("../stations/curate/ledger/remaining.js"),
    ]);
    const edit = { workspace: io.workspace, ledger, clock: io.clock, log: io.log, signal: io.signal };
    const facts = { label, drives: drive, species, recipient, note };
    const stateOf = (text: string | undefined): BatchState | undefined => (text === undefined ? undefined : parseState(text));
    if (action === "list") {
      const wanted = stateOf(state);
      const report = await listBatches({
        workspace: io.workspace,
        ledger,
        states: wanted && [wanted],
        label,
        ids: word,
        history,
      });
      return printReport(report, io);
    }
    if (action === "remaining") {
      if (word.length === 0) throw usage("remaining", "DIR: folders of the archive");
      return printReport(await remainingGroups(word, { ...edit, matches, vocabulary }), io);
    }
    const [id, next, ...more] = word;
    if (id === undefined || more.length > 0) throw usage(action, `ID${action === "set" ? " [STATE]" : ""}`);
    if (next !== undefined && (action === "add" || state !== undefined)) throw usage(action, "one state, and one name");
    const report =
      action === "add"
        ? await addBatch(id, { state: stateOf(state), facts }, edit)
        : await setBatch(id, { state: stateOf(next ?? state), facts }, edit);
    return printReport(report, io);
  },
});

function usage(action: string, wanted: string): EmporiumError {
  return new EmporiumError("USAGE", `curate batches ${action} needs ${wanted}`, { hint: "see emporium curate batches --help" });
}
