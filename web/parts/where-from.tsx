import { FileSearch } from "lucide-react";
import { lazy, Suspense, useState } from "react";

const Lineage = lazy(() => import("../lineage/lineage.js"));

/** Opens the dialog that says in which bytes of which file a number is. @param of the address below `api/v1/lineage/` */
export function WhereFrom({ of, what, icon = false }: { of: string; what: string; icon?: boolean }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        className="bare where-from"
        onClick={() => setOpen(true)}
        title="Where is this from"
        aria-label={`Where ${what} is from`}
      >
        <FileSearch size={16} aria-hidden />
        {!icon && <span>Where from</span>}
      </button>
      {isOpen && <LineageOf of={of} close={() => setOpen(false)} />}
    </>
  );
}

/** The dialog itself: it is loaded when somebody asks. */
export function LineageOf({ of, close }: { of: string; close: () => void }) {
  return (
    <Suspense>
      <Lineage of={of} close={close} />
    </Suspense>
  );
}
