import ArgumentParser
import CommandSupport
import Primitives
import StaticHTTP
import SystemPackage

struct SceauServe: ParsableCommand {
    static let name = "sceau-serve"

    static let configuration = CommandConfiguration(
        commandName: name,
        abstract: "Serve a folder of published releases over HTTP.",
        discussion: """
            Serves what `sceau publish` wrote to RELEASES: regular files, to GET and HEAD, \
            with ranges and conditional requests. It needs no key, no database and no \
            secret, and writes to no file. A new publication is taken over within a second \
            or two, without a restart. There is no access log.

            Not served: names that begin with a dot, symbolic links (to files or folders), \
            anything that is not a regular file, and listings of folders. `/` is \
            index.html, when there is one.

            SIGTERM and SIGINT: answers under way are finished (60 seconds at most), then \
            the server leaves with status 0. A second signal ends it at once.

            There is no TLS here: put a proxy in front of it, or an onion service. Clients \
            trust signatures, not servers.
            """,
        version: Tool.versionLine(name))

    @Argument(help: "The folder that is published.")
    var releases: FilePath

    @Option(
        help: ArgumentHelp(
            "Where to listen: a number and a port; port 0 is a free one. May be repeated. (default: 127.0.0.1:8080)",
            valueName: "address"))
    var listen: [String] = []

    @Option(help: "Connections open at once; further ones wait until one ends.")
    var maxConnections = ServerConfiguration().maximumConnections

    @Flag(help: "Check that RELEASES can be served, say what it holds, and leave.")
    var check = false

    func validate() throws {
        guard (1...1_000_000).contains(maxConnections) else {
            throw ValidationError("--max-connections must be from 1 to 1000000")
        }
    }

    func run() throws {
        let addresses = try (listen.isEmpty ? ["127.0.0.1:8080"] : listen).map { text throws in
            try ListenAddress(text)
        }
        if check { return try printCheck() }
        var configuration = ServerConfiguration()
        configuration.maximumConnections = maxConnections
        configuration.maximumOpenFiles = try DescriptorLimit.raise(forConnections: maxConnections)
        let stop = StopSignals()
        let server = try StaticServer(
            releases, on: addresses, configuration: configuration, clock: SystemClock.now, report: Self.report)
        for address in server.addresses { try StandardError.print("\(Self.name): listening on \(address.url)") }
        stop.wait()
        try StandardError.print("\(Self.name): leaving, answers under way are finished")
        try server.shutDown()
    }

    private func printCheck() throws {
        let found = try PublicationCheck(releases)
        try StandardOutput.print([
            "\(releases.string) can be served: \(found.files) files, \(HumanFormat.bytes(found.bytes))",
            "  metadata: \(found.metadataFiles) files, targets: \(found.targetFiles) files, "
                + "other: \(found.files - found.metadataFiles - found.targetFiles) files",
        ])
    }

    private static func report(_ event: ServerEvent) {
        // Lines that nobody can read stop no server.
        switch event {
        case .serving(let files):
            try? StandardError.print("\(name): serving \(files) files")
        case .nothingPublished(let fault):
            try? StandardError.print("\(name): warning: [\(fault.codeText)] \(fault.message)")
            if let hint = fault.hint { try? StandardError.print("\(name): hint: \(hint)") }
        case .stillServingFormer(let fault):
            try? StandardError.print(
                "\(name): error: [\(fault.codeText)] \(fault.message); still serving the former publication")
            if let hint = fault.hint { try? StandardError.print("\(name): hint: \(hint)") }
        }
    }
}
