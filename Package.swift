// swift-tools-version: 6.2
import PackageDescription

// Floors, from the ground up; imports only go down (Documentation/architecture.md).
//   pure      no file, network, clock or environment
//   adapters  one outside thing each; the only modules that import a C library
//   roles     one verb each
//   commands  thin
// A build refuses an import that is not declared here.

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

// A tool relocates 42,000 addresses when it starts. Their list is 8 KB in this form instead of 1 MB, all of it read.
// Needs glibc 2.36 (Debian 12) and a linker that knows how.
let compactRelocations = ["-use-ld=lld", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs"]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let nio: [Target.Dependency] = ["NIOCore", "NIOPosix", "NIOHTTP1"].map { .product(name: $0, package: "swift-nio") }

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func command(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: ["CommandSupport", "Primitives", argumentParser] + dependencies,
        swiftSettings: strict, linkerSettings: [.unsafeFlags(compactRelocations, .when(configuration: .release))])
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

func cLibrary(_ name: String, pkgConfig: String, debian: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([debian])])
}

let cLibraries: [Target] = [
    cLibrary("CSodium", pkgConfig: "libsodium", debian: "libsodium-dev"),
    cLibrary("CCrypto", pkgConfig: "libcrypto", debian: "libssl-dev"),
    cLibrary("CArchive", pkgConfig: "libarchive", debian: "libarchive-dev"),
    cLibrary("CCurl", pkgConfig: "libcurl", debian: "libcurl4-openssl-dev"),
    cLibrary("CZstd", pkgConfig: "libzstd", debian: "libzstd-dev"),
    cLibrary("CLzma", pkgConfig: "liblzma", debian: "liblzma-dev"),
    cLibrary("CYAML", pkgConfig: "yaml-0.1", debian: "libyaml-dev"),
    .target(name: "CLinux"),
    .target(name: "CProcess"),
]

let pure: [Target] = [
    module("Primitives"),
    module("CanonicalJSON", ["Primitives"]),
    module("Signatures", ["Primitives", "CanonicalJSON", "CSodium", "CCrypto"]),
    module("TUF", ["Primitives", "CanonicalJSON", "Signatures"]),
    module("Releases", ["Primitives", "CanonicalJSON", "Signatures"]),
    module("UpdatePlan", ["Primitives", "CanonicalJSON", "Releases", "Signatures"]),
    module("TransparencyLog", ["Primitives", "CanonicalJSON", "Signatures"]),
    module("Deflating", ["Primitives"]),
    module("Patching", ["Primitives", "Signatures", "Releases", "Deflating"]),
]

let adapters: [Target] = [
    module("DurableStorage", ["Primitives", "CLinux", systemPackage]),
    module("Processes", ["Primitives", "CProcess", systemPackage]),
    module("Compression", ["Primitives", "CZstd", "CLzma"]),
    module("Settings", ["Primitives", "CYAML", systemPackage]),
    module(
        "Archiving",
        [
            "Primitives", "Signatures", "Releases", "Patching", "Compression", "DurableStorage", "CArchive", "CLinux",
            systemPackage,
        ]),
    module(
        "SecretKeys",
        ["Primitives", "CanonicalJSON", "Signatures", "DurableStorage", "CSodium", "CCrypto", "CLinux", systemPackage]),
    module("Transport", ["Primitives", "Signatures", "CCurl", "DurableStorage", systemPackage]),
    module(
        "WitnessHTTP",
        ["Primitives", "Serving", "StaticHTTP", "Witnessing"] + nio),
    module("StaticHTTP", ["Primitives", "Serving", "Signatures", "DurableStorage", systemPackage] + nio),
]

let roles: [Target] = [
    module("Serving", ["Primitives", "Signatures"]),
    module(
        "Updating",
        [
            "Processes",
            "Primitives", "CanonicalJSON", "Signatures", "TUF", "Releases", "UpdatePlan", "Patching", "DurableStorage",
            "Archiving", "Transport", "Settings", "TransparencyLog", systemPackage,
        ]),
    module(
        "Publishing",
        [
            "Primitives", "CanonicalJSON", "Signatures", "TUF", "Releases", "Patching", "DurableStorage", "Archiving",
            "SecretKeys", "Updating", "Settings", "TransparencyLog", "Transport", systemPackage,
        ]),
    module(
        "Witnessing",
        ["Primitives", "Signatures", "TransparencyLog", "DurableStorage", "SecretKeys", systemPackage]),
    module(
        "Auditing",
        [
            "Primitives", "CanonicalJSON", "Signatures", "TransparencyLog", "TUF", "Releases", "DurableStorage",
            "Archiving", "Transport", systemPackage,
        ]),
]

let commands: [Target] = [
    module(
        "CommandSupport", ["Primitives", "CanonicalJSON", "CLinux", systemPackage, argumentParser, logging]),
    command(
        "sceau",
        [
            "Publishing", "SecretKeys", "Signatures", "TUF", "Releases", "DurableStorage", "CanonicalJSON", "Transport",
            "TransparencyLog", systemPackage,
        ]),
    command("sceau-serve", ["StaticHTTP", systemPackage]),
    command("log-measure", ["TransparencyLog", "SecretKeys", "Signatures", "DurableStorage", systemPackage]),
    command(
        "patch-measure", ["Patching", "Archiving", "Releases", "Signatures", "DurableStorage", systemPackage]),
    command("tuf-client", ["Updating", "TUF", "Transport", "DurableStorage", "Signatures", systemPackage]),
    command(
        "sceau-agent",
        [
            "Updating", "UpdatePlan", "Releases", "Signatures", "TUF", "TransparencyLog", "CanonicalJSON",
            "DurableStorage", "Processes", "StaticHTTP", systemPackage,
        ]),
    command(
        "sceau-audit",
        [
            "Auditing", "Archiving", "CanonicalJSON", "DurableStorage", "Signatures", "TUF", "Transport",
            "TransparencyLog", "Witnessing", "WitnessHTTP", "StaticHTTP", systemPackage,
        ]),
]

let support: [Target] = [
    .target(
        name: "TestSupport",
        dependencies: [
            "Primitives", "CanonicalJSON", "Signatures", "TUF", "Updating", "DurableStorage", "CSodium", systemPackage,
        ],
        path: "Tests/TestSupport", swiftSettings: strict)
]

let testTargets: [Target] = [
    tests("ServingTests", ["Serving", "Signatures", "Primitives"]),
    tests(
        "StaticHTTPTests",
        [
            "StaticHTTP", "Serving", "Signatures", "DurableStorage", "Primitives", "TestSupport", "sceau-serve",
            systemPackage,
        ]
            + nio),
    tests(
        "PublishingTests",
        [
            "Publishing", "TestSupport", "SecretKeys", "Updating", "TUF", "Releases", "Signatures", "CanonicalJSON",
            "DurableStorage", "Primitives", systemPackage, "Settings", "Auditing", "Archiving",
            "Compression", "Patching", "TransparencyLog", "Transport", "Witnessing",
        ]),
    tests("ReleasesTests", ["Releases", "CanonicalJSON", "Signatures", "Primitives"]),
    tests("SettingsTests", ["Settings", "Primitives"]),
    tests("PatchingTests", ["Patching", "Archiving", "Deflating", "Releases", "Signatures", "Primitives"]),
    tests("CompressionTests", ["Compression", "Primitives"]),
    tests("DeflatingTests", ["Deflating", "Primitives"]),
    tests(
        "ArchivingTests",
        [
            "Archiving", "Compression", "Patching", "Releases", "Signatures", "DurableStorage", "Primitives",
            "TestSupport", systemPackage,
        ]),
    tests("PrimitivesTests", ["Primitives"]),
    .executableTarget(
        name: "process-probe", dependencies: ["Processes", systemPackage], path: "Tests/ProcessProbe",
        swiftSettings: strict),
    tests(
        "ProcessesTests",
        ["TestSupport", "Processes", "process-probe", "DurableStorage", "Primitives", systemPackage]),
    tests("DurableStorageTests", ["TestSupport", "DurableStorage", "Primitives", systemPackage]),
    tests("TransportTests", ["TestSupport", "Transport", "Signatures", "DurableStorage", "Primitives", systemPackage]),
    tests(
        "AuditingTests",
        [
            "sceau-audit", "Auditing", "Archiving", "Compression", "Transport", "Releases", "TUF", "TransparencyLog",
            "Witnessing", "WitnessHTTP", "StaticHTTP", "SecretKeys", "Signatures", "CanonicalJSON", "DurableStorage",
            "Primitives", "TestSupport", systemPackage,
        ]),
    tests(
        "WitnessingTests",
        [
            "Witnessing", "WitnessHTTP", "StaticHTTP", "Publishing", "Transport", "TransparencyLog", "SecretKeys",
            "Signatures", "DurableStorage", "Primitives", "TestSupport", systemPackage,
        ] + nio),
    tests("TransparencyLogTests", ["TransparencyLog", "TestSupport", "Signatures", "Primitives", systemPackage]),
    tests("UpdatePlanTests", ["UpdatePlan", "Releases", "Signatures", "Primitives", "TestSupport"]),
    tests(
        "UpdatingTests",
        [
            "Updating", "UpdatePlan", "Patching", "Archiving", "Releases", "TUF", "Transport", "Signatures",
            "CanonicalJSON", "Processes", "sceau-agent", "process-probe",
            "DurableStorage", "Primitives", "TestSupport", systemPackage, "Settings", "TransparencyLog",
        ]),
    tests("CanonicalJSONTests", ["CanonicalJSON", "Primitives"]),
    tests(
        "SignaturesTests",
        ["Signatures", "CanonicalJSON", "Primitives", "TestSupport", "CCrypto", systemPackage]),
    tests(
        "TUFTests",
        [
            "TUF", "Updating", "Signatures", "CanonicalJSON", "DurableStorage", "Primitives", "TestSupport",
            systemPackage,
        ]),
    tests(
        "TUFClientTests",
        [
            "tuf-client", "TUF", "Updating", "Signatures", "CanonicalJSON", "DurableStorage", "Primitives",
            "TestSupport", systemPackage, argumentParser,
        ]),
    tests(
        "EndToEnd",
        [
            "sceau", "sceau-serve", "sceau-agent", "sceau-audit", "Signatures", "TUF", "Updating", "CanonicalJSON",
            "Primitives", "DurableStorage", "TestSupport", systemPackage,
        ]),
    tests("CommandSupportTests", ["CommandSupport", "Primitives", systemPackage, argumentParser, logging]),
    tests(
        "SecretKeysTests",
        [
            "SecretKeys", "Signatures", "CanonicalJSON", "DurableStorage", "Primitives", "TestSupport", systemPackage,
        ]),
]

let package = Package(
    name: "sceau",
    products: ["sceau", "sceau-serve", "sceau-agent", "sceau-audit"].map { .executable(name: $0, targets: [$0]) },
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: cLibraries + pure + adapters + roles + commands + support + testTargets,
    swiftLanguageModes: [.v6]
)
