import CanonicalJSON
import FoundationEssentials
import Primitives
import TUF
import TestSupport
import Testing
import Updating

/// A client of a simulated repository: what it stores stays from one refresh to the next.
struct Client {
    let repository: RepositorySimulator
    let store = MemoryMetadataStore()
    let pinnedRoot: [UInt8]
    var now = RepositorySimulator.now
    var freshness = Freshness.required
    var limits = MetadataLimits()

    init(_ repository: RepositorySimulator) {
        self.repository = repository
        pinnedRoot = repository.roots[0]
    }

    /// One run of the client, with a clean list of requests.
    @discardableResult
    func refresh() throws -> MetadataUpdater {
        repository.requests = []
        var updater = try MetadataUpdater(
            pinnedRoot: pinnedRoot, store: store, fetcher: repository, referenceTime: now, freshness: freshness,
            limits: limits)
        try updater.refresh()
        return updater
    }

    /// The code of the fault that a refresh ends in; nil when it succeeds.
    func refreshFault() -> MetadataFaultCode? {
        do {
            try refresh()
            return nil
        } catch {
            return (error as? MetadataFault)?.code
        }
    }

    /// Versions of what is stored, by file name.
    var stored: [String: Int] {
        store.files.mapValues { bytes in
            guard let file = try? JSONReader(JSONValue.decode(bytes), at: ""),
                let version = try? file.field("signed").field("version").integer(in: 1...Int64.max)
            else { return 0 }
            return version
        }
    }
}
