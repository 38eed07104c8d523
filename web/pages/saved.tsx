import { plural } from "../parts/format.js";
import { useCommand, useCrumbs } from "../parts/page.js";
import { Answer, Empty } from "../parts/states.js";
import { useSearches, useViews } from "../saved/saved.js";
import { SavedList } from "../saved/saved-list.js";

/** Views that were saved of whatever is served, and the searches of this browser. */
export function Saved() {
  useCrumbs({ label: "Saved" });
  useCommand({ ask: "views" });
  const { asked, views, isCut } = useViews({});
  const searches = useSearches();
  return (
    <div className="page">
      <h1>Saved</h1>
      <h2>Views</h2>
      <Answer asked={asked}>
        {() =>
          views.length === 0 ? (
            <Empty>No views yet. Look at a volume and choose “Views” above its picture: what is seen there gets a name.</Empty>
          ) : (
            <SavedList items={views} label="Views" />
          )
        }
      </Answer>
      {isCut && (
        <p className="muted">The newest {plural(views.length, "view")} are shown; the page of a run has all of its own.</p>
      )}
      <h2>Searches</h2>
      {searches.length === 0 ? (
        <Empty>No searches yet. Choose filters in a list, and “Save this search” below it.</Empty>
      ) : (
        <SavedList items={searches} label="Searches" />
      )}
    </div>
  );
}
