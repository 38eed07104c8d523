import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { makeQueries } from "./parts/queries.js";
import { applyTheme } from "./parts/settings.js";
import { takeToken } from "./parts/token.js";
import { makeRouter } from "./router.js";
import "./tokens.css";
import "./page.css";

takeToken();
applyTheme();
createRoot(document.getElementById("page")!).render(
  <StrictMode>
    <QueryClientProvider client={makeQueries()}>
      <RouterProvider router={makeRouter()} />
    </QueryClientProvider>
  </StrictMode>,
);
