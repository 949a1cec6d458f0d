/** Owns: the numbers of the overview under the one filter: events over days by system, actors, operations, failed sign-ins,
 * the state of the custody chain. Never touches: how they are drawn. */
import { asError, type Backend } from "../../backend/backend";
import type { BackendError, ChecklistsReport, CustodyReport, FacetPart, FindingsReport, HistogramReport, ViewSummary } from "../../backend/types";
import { bins, DAY } from "../../charts/bins";
import { offsetMinutes } from "../../components/clock";
import { compose, piece } from "../../lens/compose";
import type { Lens } from "../../lens/lens.svelte";

export const FAILED = "op:authenticate outcome:failure";
const ACTORS = ["user.email", "user.name", "user.id"];

export class Overview {
  days = $state.raw<HistogramReport | undefined>();
  span = $state.raw<{ from: number; to: number; title: string } | undefined>();
  facets = $state.raw<FacetPart[]>([]);
  /** Failed sign-ins among the events of the filter, and who and from where. */
  failed = $state.raw<{ view: ViewSummary; facets: FacetPart[] } | undefined>();
  /** Findings that have a row in the filter; null when nobody looked yet. */
  findings = $state.raw<FindingsReport | null | undefined>();
  custody = $state.raw<CustodyReport | undefined>();
  /** Checklists that were run in the case, whatever the filter. */
  checklists = $state.raw<ChecklistsReport | undefined>();
  error = $state.raw<BackendError | undefined>();
  stale = $state(false);

  #backend: Backend;
  #lens: Lens;
  #asked = 0;

  constructor(backend: Backend, lens: Lens) {
    this.#backend = backend;
    this.#lens = lens;
  }

  /** Asks anew, one question after the other; an answer for an earlier filter is dropped. */
  async load(cells: number): Promise<void> {
    const view = this.#lens.view;
    if (!view) return;
    this.#asked += 1;
    const mine = this.#asked;
    const late = () => mine !== this.#asked;
    this.stale = true;
    try {
      const whole = (await this.#backend.viewHistogram(view.view, 1)).bins[0];
      if (late()) return;
      if (whole) {
        const made = bins(whole.start_ms, whole.end_ms - 1, Math.max(20, cells), offsetMinutes(whole.start_ms, this.#lens.zone), DAY);
        const days = await this.#backend.viewHistogram(view.view, made.count, "witnessmark.profile", made.from, made.to);
        if (late()) return;
        [this.days, this.span] = [days, { from: made.from, to: made.to, title: made.title }];
      } else [this.days, this.span] = [undefined, undefined];
      const facets = (await this.#backend.viewFacets(view.view, [...ACTORS, "event.operation", "source.ip", "source.geo.country_iso_code", "target.type"], 8)).fields;
      if (late()) return;
      this.facets = facets;
      const findings = await this.#backend.findingsList(this.#lens.query, this.#lens.zone, { show: "open", by_time: false, search: "", first: 0, limit: 3 });
      if (late()) return;
      this.findings = findings;
      const pieces = [...this.#lens.pieces, piece(FAILED)];
      const failed = await this.#backend.viewOpen(compose(pieces).query, "newest", this.#lens.zone);
      const who = failed.count ? (await this.#backend.viewFacets(failed.view, [...ACTORS, "source.ip"], 5)).fields : [];
      if (late()) return;
      this.failed = { view: failed, facets: who };
      this.error = undefined;
    } catch (thrown) {
      if (!late() && !this.#lens.lost(thrown)) this.error = asError(thrown);
    } finally {
      if (!late()) this.stale = false;
    }
  }

  async check(): Promise<void> {
    try {
      this.custody = await this.#backend.custody();
      this.checklists = await this.#backend.checklistsList();
    } catch (thrown) {
      this.error = asError(thrown);
    }
  }
}

export const part = (facets: FacetPart[], field: string): FacetPart | undefined => facets.find((one) => one.field === field && one.distinct > 0);
/** The field that names actors of most events: a log names people by e-mail, by name or by id, seldom by all. */
export const actors = (facets: FacetPart[]): FacetPart | undefined =>
  facets.filter((one) => ACTORS.includes(one.field) && one.distinct > 0).reduce<FacetPart | undefined>((best, one) => (!best || one.absent < best.absent ? one : best), undefined);
