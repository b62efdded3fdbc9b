import ArgumentParser
import SystemPackage

// Both types belong to other packages; the conformance concerns this package's four tools only.
extension FilePath: @retroactive ExpressibleByArgument {
    /// Nil for an empty argument, which names nothing.
    public init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        self.init(argument)
    }

    public static var defaultCompletionKind: CompletionKind { .file() }
}
