import DurableStorage
import Primitives
import Synchronization
import SystemPackage

/// Notices a new publication: a publisher writes `metadata/timestamp.json` last, by a rename.
///
/// One look is one `lstat`. Whatever goes wrong, the former publication stays.
final class PublicationWatch: Sendable {
    private struct State {
        var publication: Publication
        /// What stood there before the last scan began: a publication that ends during a scan is seen by the next look.
        var marker: FileIdentity?
        var lastFault: String?
        /// Looks to let pass before trying again after a fault, and how many it was the last time.
        var pause = 0
        var lastPause = 0
    }

    private let root: FilePath
    private let configuration: ServerConfiguration
    private let state: Mutex<State>
    private let report: @Sendable (ServerEvent) -> Void

    /// Scans for the first time; throws `ServingFault`.
    init(
        _ root: FilePath, _ configuration: ServerConfiguration, report: @escaping @Sendable (ServerEvent) -> Void
    ) throws {
        self.root = root
        self.configuration = configuration
        self.report = report
        let marker = FileIdentity(at: Self.marker(in: root))
        var scan = PublicationScan(root, configuration)
        state = Mutex(State(publication: try scan.run(reusing: nil), marker: marker))
    }

    static func marker(in root: FilePath) -> FilePath { root.appending("metadata").appending("timestamp.json") }

    var publication: Publication { state.withLock(\.publication) }

    /// The new publication, if there is one. Blocks while it reads; one caller at a time, others wait.
    func look() -> Publication? {
        state.withLock { state in
            let marker = FileIdentity(at: Self.marker(in: root))
            // While the marker is missing nothing new is published: a mirror may be in the middle of something.
            guard let marker, marker != state.marker else { return nil }
            guard state.pause == 0 else {
                state.pause -= 1
                return nil
            }
            do {
                var scan = PublicationScan(root, configuration)
                state.publication = try scan.run(reusing: state.publication)
            } catch {
                postpone(&state, error)
                return nil
            }
            state.marker = marker
            (state.lastFault, state.lastPause) = (nil, 0)
            report(.serving(files: state.publication.files.count))
            return state.publication
        }
    }

    /// Tries again after 1, 2, 4 … 64 looks.
    private func postpone(_ state: inout State, _ error: any Error) {
        state.lastPause = min(64, max(1, state.lastPause * 2))
        state.pause = state.lastPause
        let fault = error as? any ReportableFault ?? ServingFault(.unreadable, found: "\(error)", at: root.string)
        if state.lastFault != fault.message { report(.stillServingFormer(fault)) }
        state.lastFault = fault.message
    }
}
