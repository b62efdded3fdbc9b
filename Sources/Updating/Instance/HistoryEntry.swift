import CanonicalJSON
import FoundationEssentials
import Primitives
import Releases
import Signatures
import UpdatePlan

/// One line of `history.jsonl`: a release that came to be the installed one, what the administrator accepted, or why a
/// patch was not used.
package struct HistoryEntry: Hashable, Sendable {
    package enum Event: String, CaseIterable, Sendable {
        case updated
        case reverted
        /// Metadata was used though the log did not vouch for it.
        case acceptedUnwitnessed = "accepted-unwitnessed"
        /// A release was to come by patches, and its archive was fetched instead.
        case patchRefused = "patch-refused"
        /// A release was given up: nothing was switched, or there was no way back.
        case failed
        /// The tree in use was found to be other than it was signed, before an update.
        case damagedTree = "damaged-tree"

        /// It tells how an update or a revert ended.
        package var isStep: Bool {
            switch self {
            case .updated, .reverted, .failed: true
            case .acceptedUnwitnessed, .patchRefused, .damagedTree: false
            }
        }
    }

    /// Bytes of a line: a reason of three troubles, each byte of them escaped, and the rest.
    private static let limit = 24 << 10

    package let time: Date
    package let event: Event
    package let from: Version?
    /// What was installed; nil where nothing was.
    package let to: Version?
    /// Of what was accepted.
    package let fingerprint: Digest?
    /// What was against it: the code of a fault.
    package let despite: ByteString?
    /// How it came here; nil where nobody knows any more.
    package private(set) var delivery: Delivery?
    /// The release that was to come by patches, or was given up; and why, also of a release that was gone back from.
    package private(set) var release: Version?
    package private(set) var reason: ByteString?
    /// The release that was given up is in use: there was no way back from it.
    package private(set) var isStanding = false

    /// - Parameter troubles: what was not well at the end.
    package init(_ step: UpdateStep, by delivery: Delivery? = nil, _ troubles: [Trouble] = [], at time: Date) {
        self.time = time
        self.delivery = delivery
        event =
            switch step.kind {
            case .update: .updated
            case .revert: .reverted
            }
        from = step.from
        to = step.to
        (fingerprint, despite) = (nil, nil)
        reason = ([step.cause].compactMap(\.self) + troubles).lines.nonEmpty.map { ByteString($0) }
    }

    /// The release of `step` was given up; with `isStanding` it is in use all the same.
    package init(failing step: UpdateStep, _ troubles: [Trouble], at time: Date, isStanding: Bool = false) {
        self.time = time
        self.isStanding = isStanding
        event = .failed
        // On the way back the newer one is the one that was given up.
        (from, release) = step.cause == nil ? (step.from, step.to) : (step.to, step.from)
        reason = ByteString(([step.cause].compactMap(\.self) + troubles).lines)
        (to, fingerprint, despite) = (nil, nil, nil)
    }

    package init(accepting fingerprint: Digest, despite: String, at time: Date) {
        self.time = time
        event = .acceptedUnwitnessed
        (from, to) = (nil, nil)
        self.fingerprint = fingerprint
        self.despite = ByteString(despite)
    }

    /// The patches to the release of `step` were not used.
    package init(refusingPatchesTo step: UpdateStep, because fault: any ReportableFault, at time: Date) {
        self.time = time
        event = .patchRefused
        from = step.from
        release = step.to
        reason = ByteString(Delivery.reason(fault))
        (to, fingerprint, despite) = (nil, nil, nil)
    }

    /// The tree of `release`, which is installed, is not what was signed.
    init(damaged release: Version, _ trouble: Trouble, at time: Date) {
        self.time = time
        event = .damagedTree
        self.release = release
        reason = ByteString(trouble.line)
        (from, to, fingerprint, despite) = (nil, nil, nil, nil)
    }

    package var line: [UInt8] { JSONValue.object(json).lineEncoding + [UInt8(ascii: "\n")] }

    package var json: JSONObject {
        var object: JSONObject = [
            "time": .string(ByteString(UTCTime.encode(time))), "event": .string(ByteString(event.rawValue)),
        ]
        if let to { object["to"] = .string(to.text) }
        if let from { object["from"] = .string(from.text) }
        if let fingerprint { object["fingerprint"] = .string(ByteString(fingerprint.hex)) }
        if let despite { object["despite"] = .string(despite) }
        if let delivery {
            object["by"] = .string(ByteString(delivery.way.rawValue))
            object["bytes"] = .integer(Int64(delivery.bytes))
        }
        if let release { object["release"] = .string(release.text) }
        if let reason { object["reason"] = .string(reason) }
        if isStanding { object["in_use"] = .bool(true) }
        return object
    }

    /// Nil for a line that is damaged, or of an event that this version does not know.
    init?(line: ArraySlice<UInt8>) {
        guard let value = try? JSONValue.decode(Array(line), limits: JSONLimits(bytes: Self.limit, depth: 4)),
            let entry = try? HistoryEntry(JSONReader(value, at: "history"))
        else { return nil }
        self = entry
    }

    private init?(_ reader: JSONReader) throws {
        let event = try reader.field("event").string()
        guard let time = UTCTime.decode(try reader.field("time").string()),
            let known = Event.allCases.first(where: { ByteString($0.rawValue) == event })
        else { return nil }
        self.time = time
        self.event = known
        from = try reader.optionalField("from").map { try Version($0.string()) }
        to = try reader.optionalField("to").map { try Version($0.string()) }
        fingerprint = try reader.optionalField("fingerprint").flatMap { Digest(hex: try $0.string()) }
        despite = try reader.optionalField("despite")?.string()
        release = try reader.optionalField("release").map { try Version($0.string()) }
        reason = try reader.optionalField("reason")?.string()
        isStanding = try reader.optionalField("in_use")?.bool() ?? false
        delivery = try Delivery(reader)
        guard (known == .updated || known == .reverted) == (to != nil) else { return nil }
        let isAboutRelease = known == .patchRefused || known == .failed || known == .damagedTree
        guard isAboutRelease == (release != nil) else { return nil }
    }

    /// What must not be offered after this: the newest release that was gone back from, as long as it is newer. `pin` is
    /// what must not be offered before.
    func pin(before pin: Version?) -> Version? {
        guard let to else { return pin }
        return [pin, event == .reverted ? from : nil].compactMap(\.self).filter { $0 > to }.max()
    }

    /// The release that is not in use after this, though it was, or was to be.
    var leaves: Version? {
        switch event {
        case .reverted: from
        case .failed: release
        default: nil
        }
    }

    /// The release that an update led to. One that was given up counts: where something came after it, it stands; and where it
    /// changed nothing, what comes after it began elsewhere.
    fileprivate var upTo: Version? {
        switch event {
        case .updated: to
        case .failed: release.flatMap { release in from.map { $0 < release } ?? true ? release : nil }
        case .reverted, .acceptedUnwitnessed, .patchRefused, .damagedTree: nil
        }
    }

    /// Whether both tell of the same step, whenever that was.
    func isSameStep(as other: HistoryEntry) -> Bool {
        event == other.event && from == other.from && to == other.to && fingerprint == other.fingerprint
            && release == other.release && reason == other.reason
    }
}

extension Trouble {
    /// For people: where it was, and what it was.
    package var line: String { "\(stage.rawValue): \(text)" }
}

extension [Trouble] {
    /// All of them, on one line.
    package var lines: String { map(\.line).joined(separator: "; ") }
}

extension String {
    fileprivate var nonEmpty: String? { isEmpty ? nil : self }
}

extension Instance {
    /// The releases that were installed one over the other on the way from `older` to `newer`, newest first, without
    /// `older`. Nil when the history does not reach back so far.
    func releases(from newer: Version, downTo older: Version) throws -> [Version]? {
        var passed: [Version] = []
        var current = newer
        for entry in try history().reversed() where entry.upTo == current && current != older {
            // It was mended: that is no step of the way.
            if entry.from == current { continue }
            guard let from = entry.from, from < current else { return nil }
            passed.append(current)
            current = from
        }
        return current == older ? passed : nil
    }
}
