import CanonicalJSON
import FoundationEssentials
import Primitives

/// What is remembered of mirrors from one run to the next: which one served last, and which ones misbehaved. As text it is
/// `mirrors.json`, format `sceau-mirrors/1`. Losing it costs nothing but the order in which mirrors are asked.
package struct MirrorMemory: Hashable, Sendable {
    /// A mirror that gave us something wrong.
    package struct Aside: Hashable, Sendable {
        /// As it is shown to people: without a password.
        package let mirror: String
        package let until: Date
        /// How often it misbehaved, with less than a day between the end of one time and the next.
        package let times: Int
        /// The code of its fault.
        package let code: String
    }

    package private(set) var lastGood: String?
    /// By mirror.
    package private(set) var aside: [Aside] = []

    package init() {}

    /// Seconds that a mirror stands aside the first time; each further time twice as long.
    package static let shortest: TimeInterval = 3600
    /// Seconds that a mirror stands aside at most, and that it is remembered afterwards.
    package static let longest: TimeInterval = 24 * 3600
    /// Bytes of the text.
    package static let limit = 64 << 10
    private static let format: ByteString = "sceau-mirrors/1"
    private static let mostTimes = 99

    package mutating func served(_ mirror: String) {
        lastGood = mirror
    }

    /// Once for each run in which it did.
    package mutating func misbehaved(_ mirror: String, code: String, at now: Date) {
        let times = min((remembered(mirror, at: now)?.times ?? 0) + 1, Self.mostTimes)
        let seconds = times > 5 ? Self.longest : min(Self.longest, Self.shortest * Double(1 << (times - 1)))
        // Whole seconds, as the text has them.
        let until = Date(timeIntervalSince1970: now.addingTimeInterval(seconds).timeIntervalSince1970.rounded(.down))
        aside.removeAll { $0.mirror == mirror }
        aside.append(Aside(mirror: mirror, until: until, times: times, code: code))
        aside.sort { $0.mirror < $1.mirror }
        if lastGood == mirror { lastGood = nil }
    }

    /// What `mirror` stands aside for; nil when it does not.
    package func standsAside(_ mirror: String, at now: Date) -> Aside? {
        remembered(mirror, at: now).flatMap { $0.until > now ? $0 : nil }
    }

    /// Without mirrors that are not configured any more, and without what is over.
    package func kept(for mirrors: [String], at now: Date) -> MirrorMemory {
        var kept = self
        kept.aside = aside.filter { mirrors.contains($0.mirror) && remembered($0.mirror, at: now) != nil }
        if let lastGood, !mirrors.contains(lastGood) { kept.lastGood = nil }
        return kept
    }

    /// A time too far ahead comes from a wrong clock, then or now, and counts for nothing.
    private func remembered(_ mirror: String, at now: Date) -> Aside? {
        aside.first { $0.mirror == mirror && abs($0.until.timeIntervalSince(now)) <= Self.longest }
    }

    // MARK: text

    package func encode() -> [UInt8] {
        var object: JSONObject = ["format": .string(Self.format)]
        if let lastGood { object["last_good"] = .string(ByteString(lastGood)) }
        object["aside"] = .array(
            aside.map { aside in
                .object([
                    "mirror": .string(ByteString(aside.mirror)),
                    "until": .string(ByteString(UTCTime.encode(aside.until))),
                    "times": .integer(Int64(aside.times)), "code": .string(ByteString(aside.code)),
                ])
            })
        return JSONValue.object(object).fileEncoding
    }

    /// Nil for anything that `encode` would not write.
    package static func decode(_ bytes: [UInt8]) -> MirrorMemory? {
        guard let value = try? JSONValue.decode(bytes, limits: JSONLimits(bytes: limit, depth: 5)),
            let memory = try? MirrorMemory(JSONReader(value, at: "mirrors.json")), memory.encode() == bytes
        else { return nil }
        return memory
    }

    private init?(_ reader: JSONReader) throws {
        lastGood = try reader.optionalField("last_good")?.string().description
        for entry in try reader.field("aside").array() {
            guard let until = UTCTime.decode(try entry.field("until").string()) else { return nil }
            aside.append(
                Aside(
                    mirror: try entry.field("mirror").string().description, until: until,
                    times: try entry.field("times").integer(in: 1...Int64(Self.mostTimes)),
                    code: try entry.field("code").string().description))
        }
        guard zip(aside, aside.dropFirst()).allSatisfy({ $0.mirror < $1.mirror }) else { return nil }
    }
}
