import Auditing
import DurableStorage
import Foundation
import Primitives
import SystemPackage
import TestSupport
import Transport

/// A monitor over a folder with a log and three witnesses that can be asked, round after round.
final class Watch {
    let made: LoggedFolder
    let state: TemporaryFolder
    /// Of the monitor's state.
    var folder: FilePath
    var now = PublishedFolder.now
    var mine: [KeyholderKey] = []
    var mirrors: [FollowedPlaces.Place] = []
    /// What a witness shows instead of what it cosigned last, by its label.
    var shows: [String: [UInt8]] = [:]
    /// Witnesses that show nothing.
    var hidden: Set<String> = []
    /// Witnesses out of reach.
    var unreachable: Set<String> = []
    /// What happens between two looks of a round.
    var meanwhile: () throws -> Void = {}
    private(set) var secondLooks = 0

    /// After two states were published and read without an alarm.
    ///
    /// - Parameter real: a witness that is asked over HTTP, at this address.
    init(real: (label: String, url: String)? = nil) throws {
        let log = LogSimulator()
        for witness in log.witnesses {
            witness.url = witness.label == real?.label ? real?.url : "http://\(witness.label).example"
            if witness.label == real?.label { witness.behaviour = .absent }
        }
        made = try LoggedFolder.twoStates(log: log)
        state = try TemporaryFolder()
        folder = state.path("state")
    }

    func round(storage: DurableStorage = DurableStorage()) throws -> MonitorReport {
        try round(storage: storage) { _ in }
    }

    func round(storage: DurableStorage, announce: (MonitorReport) throws -> Void) throws -> MonitorReport {
        try round(
            over: .init(name: "source") { [made] in try DirectorySource(made.published.published()) }, storage, announce
        )
    }

    func round(
        over place: FollowedPlaces.Place, _ storage: DurableStorage = DurableStorage(),
        _ announce: (MonitorReport) throws -> Void = { _ in }
    ) throws -> MonitorReport {
        var places = FollowedPlaces(source: place, fetchNote: note)
        places.mirrors = mirrors
        var failure: (any Error)?
        let monitor = Monitor(
            places, givenRoot: try made.published.read("metadata/1.root.json"), folder: folder, mine: mine,
            storage: storage
        ) { [self] in
            secondLooks += 1
            do { try meanwhile() } catch { failure = error }
        }
        let report = try monitor.round(at: { now }, announce: announce)
        if let failure { throw failure }
        return report
    }

    /// Alarms of one more round, by id; digests shortened.
    func ids() throws -> [String] {
        let digest = /[0-9a-f]{64}|[0-9a-f]{16}(-[0-9a-f]{16})?$/
        return try round().alarms.map { $0.id.replacing(digest, with: "*") }.sorted()
    }

    func evidence(_ name: String) throws -> [UInt8] { try state.read("state/evidence/\(name)") ?? [] }

    /// A folder as a mirror.
    func addMirror(_ log: LogSimulator, name: String = "mirror") throws {
        let folder = try TemporaryFolder()
        try log.write(to: folder.path)
        try DurableStorage().makeDirectory(folder.path("metadata"))
        mirrors.append(.init(name: name) { try DirectorySource(folder.path) })
    }

    private func note(_ url: String) throws -> [UInt8]? {
        if url.hasPrefix("http://127.0.0.1:") {
            guard case .ok(let bytes) = try HTTPClient().fetch(HTTPRequest(url: url, limit: 1 << 16)) else {
                return nil
            }
            return bytes
        }
        for witness in made.log.witnesses where url.hasPrefix("http://\(witness.label).example/") {
            if unreachable.contains(witness.label) { throw TransportFault(.connectFailed, at: url) }
            guard url == "http://\(witness.label).example/\(SimulatedWitness.monitoringPath(made.log.origin))" else {
                return nil
            }
            if hidden.contains(witness.label) { return nil }
            return shows[witness.label] ?? witness.seen[made.log.origin]?.note
        }
        return nil
    }
}
