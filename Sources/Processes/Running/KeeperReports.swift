internal import CProcess
import Primitives
import SystemPackage

/// What a keeper has said so far.
struct KeeperReports {
    private(set) var outcome: ProcessResult.Outcome?
    /// When the outcome was known.
    private(set) var duration = Duration.zero
    private(set) var failure: (error: Errno, step: UInt32)?
    /// Set by the last report.
    private(set) var isDone = false
    private(set) var leftProcesses = false
    private(set) var survivors = 0

    private var pending: [UInt8] = []
    private let start = ContinuousClock.now
    private let clock = ContinuousClock()

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        let size = MemoryLayout<sceau_report>.size
        pending.append(contentsOf: bytes)
        while pending.count >= size {
            let report = pending.withUnsafeBytes { $0.loadUnaligned(as: sceau_report.self) }
            pending.removeFirst(size)
            take(report)
        }
    }

    private mutating func take(_ report: sceau_report) {
        switch UInt32(bitPattern: report.kind) {
        case SCEAU_NOT_STARTED.rawValue:
            failure = (Errno(rawValue: report.value), UInt32(bitPattern: report.step))
        // A keeper that could not even begin says no more.
        case SCEAU_EXITED.rawValue: end(.exited(report.value))
        case SCEAU_SIGNALLED.rawValue: end(.signalled(report.value))
        case SCEAU_TIMED_OUT.rawValue: end(.timedOut)
        default:
            isDone = true
            leftProcesses = report.step != 0
            survivors = Int(report.value)
        }
    }

    private mutating func end(_ outcome: ProcessResult.Outcome) {
        self.outcome = outcome
        duration = start.duration(to: clock.now)
    }

    /// The fault behind `failure`, in terms of what was asked for.
    func fault(_ request: ProcessRequest) -> ProcessFault? {
        guard let failure else { return nil }
        let reason = failure.error.description.lowercased()
        switch failure.step {
        case SCEAU_STEP_EXECUTE.rawValue:
            return ProcessFault(Self.code(failure.error), found: reason, at: request.executable.string)
        case SCEAU_STEP_FOLDER.rawValue:
            let code: ProcessFaultCode = failure.error == .permissionDenied ? .notPermitted : Self.code(failure.error)
            return ProcessFault(code, found: reason, expected: "a working directory", at: request.folder.string)
        case SCEAU_STEP_USER.rawValue:
            let name = request.user?.name ?? ""
            return ProcessFault(
                Self.code(failure.error), found: reason, expected: "to become the user \(name)",
                at: request.executable.string)
        default: return ProcessFault(.failed, found: reason, at: request.executable.string)
        }
    }

    private static func code(_ error: Errno) -> ProcessFaultCode {
        switch error {
        case .noSuchFileOrDirectory, .notDirectory: .notFound
        case .permissionDenied, .execFormatError, .isDirectory, .textFileBusy, .tooManySymbolicLinkLevels:
            .notExecutable
        case .notPermitted: .notPermitted
        default: .failed
        }
    }
}
