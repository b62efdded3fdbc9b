import Primitives
import TransparencyLog
import Transport

/// How long witnesses may take. Each must be positive.
package struct WitnessPatience: Hashable, Sendable {
    /// All of them, when there are not enough.
    package var whole: Duration = .seconds(60)
    /// The rest, from when there are enough: more cosignatures are better, but no reason to wait long.
    package var grace: Duration = .seconds(5)

    package init() {}
}

/// Asks witnesses over HTTP (C2SP tlog-witness), all at once in one thread. Not for two threads at once.
package final class HTTPWitnessRound: WitnessRound {
    private let client: HTTPClient
    private let patience: WitnessPatience

    package init(_ client: HTTPClient, patience: WitnessPatience = .init()) {
        self.client = client
        self.patience = patience
    }

    package func ask(_ request: WitnessRoundRequest) throws -> WitnessRoundResult {
        var questions = try request.witnesses.map { try WitnessQuestion($0, request) }
        var asked: [Int] = []
        var posts: [HTTPPost] = []
        for place in questions.indices {
            guard let post = try questions[place].begin() else { continue }
            asked.append(place)
            posts.append(post)
        }
        var isEnough = request.isEnough(Self.agreed(questions))
        try client.post(posts, patience: patience.whole) { index, answer in
            guard asked.indices.contains(index) else { return HTTPPostReaction() }
            if let next = try questions[asked[index]].take(answer) { return HTTPPostReaction(next: next) }
            let wasEnough = isEnough
            isEnough = request.isEnough(Self.agreed(questions))
            return HTTPPostReaction(patience: isEnough && !wasEnough ? patience.grace : nil)
        }
        return WitnessRoundResult(reports: try questions.map { try judged($0.report, request) }, isEnough: isEnough)
    }

    /// Whoever speaks of a fork has to show a tree that our log's key has signed: on its word alone one witness could stop
    /// every publication.
    private func judged(_ report: WitnessReport, _ request: WitnessRoundRequest) throws -> WitnessReport {
        guard report.outcome.isFork else { return report }
        let claim = WitnessClaim(report, request)
        let answer = try? client.fetch(HTTPRequest(url: claim.url, limit: SignedNote.byteLimit))
        guard case .ok(let note)? = answer else { return try claim.judged(by: nil) }
        return try claim.judged(by: note)
    }

    /// The public keys of those who cosigned.
    private static func agreed(_ questions: [WitnessQuestion]) -> Set<[UInt8]> {
        Set(questions.compactMap(\.agreed))
    }
}
