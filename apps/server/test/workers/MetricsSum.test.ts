import { assert, describe, it } from "@effect/vitest"
import * as MetricsSum from "../../src/workers/MetricsSum.ts"

const page = (count: number, delay: number, more = "") =>
  `# HELP c_total Counted
# TYPE c_total counter
c_total{a="x"} ${count}
# HELP h Seconds
# TYPE h histogram
h_bucket{le="1"} ${count}
h_bucket{le="+Inf"} ${count + 1}
h_sum ${count / 2}
h_count ${count + 1}
# HELP g Delay
# TYPE g gauge
g ${delay}
g{p="q"} 1
${more}
`

describe("the metrics of several workers", () => {
  it("are added up where they count, and told apart where they measure", () => {
    const text = MetricsSum.page(MetricsSum.none, [{ worker: 1, text: page(3, 0.5) }, {
      worker: 2,
      text: page(4, 0.25, "# HELP d_total D\n# TYPE d_total counter\nd_total 9")
    }])
    assert.strictEqual(
      text,
      `# HELP c_total Counted
# TYPE c_total counter
c_total{a="x"} 7
# HELP h Seconds
# TYPE h histogram
h_bucket{le="1"} 7
h_bucket{le="+Inf"} 9
h_sum 3.5
h_count 9
# HELP d_total D
# TYPE d_total counter
d_total 9
# HELP g Delay
# TYPE g gauge
g{worker="1"} 0.5
g{worker="1",p="q"} 1
g{worker="2"} 0.25
g{worker="2",p="q"} 1
`
    )
  })

  it("keep what a worker that is gone had counted, and forget what it measured", () => {
    const gone = MetricsSum.add(MetricsSum.add(MetricsSum.none, page(10, 9)), page(1, 9))
    const text = MetricsSum.page(gone, [{ worker: 1, text: page(2, 0.5) }])
    assert.include(text, "c_total{a=\"x\"} 13\n")
    assert.include(text, "g{worker=\"1\"} 0.5\n")
    assert.notInclude(text, " 9\n")
    assert.include(MetricsSum.page(gone, []), "c_total{a=\"x\"} 11\n")
  })
})
