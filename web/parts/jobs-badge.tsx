import { Link } from "@tanstack/react-router";
import { Clock } from "lucide-react";
import { useJobs } from "./events.js";
import { plural } from "./format.js";

/** Number of runs under way, on every page. Without any it takes no room. */
export function JobsBadge() {
  const { data = [] } = useJobs();
  const running = data.filter(({ life }) => life === "running").length;
  if (running === 0) return null;
  return (
    <Link to="/jobs" className="row" title="Runs that are under way">
      <Clock size={16} aria-hidden /> {plural(running, "job")}
    </Link>
  );
}
