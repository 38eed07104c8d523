import { ErrorPanel } from "../parts/states.js";
import { useViews } from "./saved.js";
import { SavedList } from "./saved-list.js";

/** Views of the volumes of a run that somebody has named; nothing where nobody has. */
export default function RunViews({ run }: { run: number }) {
  const { asked, views } = useViews({ run });
  if (views.length === 0 && !asked.error) return null;
  return (
    <section className="run-views" aria-labelledby="run-views">
      <h3 id="run-views">Views</h3>
      {asked.error && <ErrorPanel error={asked.error} again={() => void asked.refetch()} />}
      <SavedList items={views} label="Views" />
    </section>
  );
}
