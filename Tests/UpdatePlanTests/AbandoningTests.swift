import Primitives
import Releases
import Signatures
import Testing

@testable import UpdatePlan

@Suite struct AbandoningTests {
    @Test("an interrupted update is abandoned only while there is a way back, or data are to stay as they are")
    func abandoning() throws {
        let (old, new) = (try Version("1.0"), try Version("1.1"))
        let tree = Digest.sha256(of: [])
        let oneWay = UpdateStep(.update, from: old, to: new, tree: tree, fromTree: tree, return: .none)
        let first = UpdateStep(.update, from: nil, to: new, tree: tree, return: .undo)
        for (step, name, current, keepsData, expected) in [
            (oneWay, StateName.stopping, old, false, true), (oneWay, .switched, new, false, false),
            (oneWay, .switched, new, true, true), (first, .checking, new, false, false),
            (oneWay, .committed, new, true, false),
        ] {
            let plan = UpdatePlan(UpdateState(name, step))
            #expect(plan.canAbandon(at: current, keepingData: keepsData) == expected, "\(name)")
        }
    }
}
