import TUF

/// One change of the keys of a role as conformance suites try them: which keys, how many of them, and who signed.
///
/// Keys are numbers; what keys they are is the test's business. Root and the other roles differ: a new root needs the old
/// keyholders as well, while the keys of another role hold from the moment that root names them.
package struct KeyRotation: Sendable, CustomStringConvertible {
    /// One version of the role's keys and of its signatures.
    package struct Step: Sendable {
        package let threshold: Int
        package let keys: [Int]
        package let signedBy: [Int]

        package init(_ threshold: Int, of keys: [Int], signedBy: [Int]) {
            self.threshold = threshold
            self.keys = keys
            self.signedBy = signedBy
        }
    }

    package let description: String
    package let steps: [Step]
    /// Whether the last step is accepted. All steps before it are.
    package let holds: Bool

    private init(_ description: String, holds: Bool = true, _ steps: [Step]) {
        self.description = description
        self.steps = steps
        self.holds = holds
    }

    /// Of root: every version is tried in turn, beginning with the one that the client is given.
    package static let ofRoot = [
        KeyRotation("one key, no change", [Step(1, of: [1], signedBy: [1])]),
        KeyRotation(
            "one key to another, signed by both, then by the new one alone",
            [
                Step(1, of: [1], signedBy: [1]), Step(1, of: [2], signedBy: [2, 1]), Step(1, of: [2], signedBy: [2]),
            ]),
        KeyRotation(
            "one key to another among signatures of strangers",
            [
                Step(1, of: [1], signedBy: [3, 1, 4]), Step(1, of: [2], signedBy: [3, 2, 1, 4]),
                Step(1, of: [2], signedBy: [3, 2, 4]),
            ]),
        KeyRotation(
            "one key to another, time and again",
            [
                Step(1, of: [1], signedBy: [1]), Step(1, of: [2], signedBy: [1, 2]),
                Step(1, of: [3], signedBy: [2, 3]), Step(1, of: [1], signedBy: [3, 1]),
            ]),
        KeyRotation(
            "3 of 5, other three each time",
            [
                Step(3, of: [0, 1, 2, 3, 4], signedBy: [0, 2, 4]), Step(3, of: [0, 1, 2, 3, 4], signedBy: [0, 4, 1]),
                Step(3, of: [0, 1, 2, 3, 4], signedBy: [0, 1, 3]), Step(3, of: [0, 1, 2, 3, 4], signedBy: [0, 1, 3]),
            ]),
        KeyRotation(
            "3 of 5, one key changes, signed by three who stay",
            [Step(3, of: [0, 1, 2, 3, 4], signedBy: [0, 2, 4]), Step(3, of: [0, 1, 3, 4, 5], signedBy: [0, 4, 1])]),
        KeyRotation(
            "3 of 5, one key changes, signed by who goes and who comes",
            [
                Step(3, of: [0, 1, 2, 3, 4], signedBy: [0, 2, 4]),
                Step(3, of: [0, 1, 3, 4, 5], signedBy: [0, 2, 4, 5]),
                Step(3, of: [0, 1, 3, 4, 5], signedBy: [0, 4, 5]),
            ]),
        KeyRotation(
            "3 of 5, all keys change, signed by three of each",
            [
                Step(3, of: [0, 1, 2, 3, 4], signedBy: [0, 2, 4]),
                Step(3, of: [5, 6, 7, 8, 9], signedBy: [0, 2, 4, 5, 6, 7]),
                Step(3, of: [5, 6, 7, 8, 9], signedBy: [5, 6, 7]),
            ]),
        KeyRotation(
            "threshold grows from 1 to 2 of 3",
            [Step(1, of: [1, 2, 3], signedBy: [1]), Step(2, of: [1, 2, 3], signedBy: [1, 2])]),
        KeyRotation(
            "threshold falls from 2 to 1 of 3",
            [
                Step(2, of: [1, 2, 3], signedBy: [1, 2]), Step(1, of: [1, 2, 3], signedBy: [1, 2]),
                Step(1, of: [1, 2, 3], signedBy: [1]),
            ]),
        KeyRotation(
            "a second key comes, and both are needed",
            [Step(1, of: [1], signedBy: [1]), Step(2, of: [1, 2], signedBy: [1, 2])]),
        KeyRotation(
            "2 of 3, one key changes, signed by two who stay",
            [Step(2, of: [1, 2, 3], signedBy: [1, 2]), Step(2, of: [1, 3, 4], signedBy: [1, 3])]),
        KeyRotation(
            "one key to another, old signature missing", holds: false,
            [Step(1, of: [1], signedBy: [1]), Step(1, of: [2], signedBy: [2, 3, 4])]),
        KeyRotation(
            "one key to another, new signature missing", holds: false,
            [Step(1, of: [1], signedBy: [1]), Step(1, of: [2], signedBy: [1, 3, 4])]),
        KeyRotation(
            "3 of 5, only two of the new keys signed", holds: false,
            [Step(3, of: [0, 1, 2, 3, 4], signedBy: [0, 2, 4]), Step(3, of: [0, 1, 3, 4, 5], signedBy: [0, 2, 4])]),
        KeyRotation(
            "3 of 5, only two of the old keys signed", holds: false,
            [Step(3, of: [0, 1, 2, 3, 4], signedBy: [0, 2, 4]), Step(3, of: [0, 1, 3, 4, 5], signedBy: [0, 4, 5])]),
        KeyRotation(
            "2 of 3, two keys change, only one new one signed", holds: false,
            [Step(2, of: [1, 2, 3], signedBy: [1, 2]), Step(2, of: [1, 4, 5], signedBy: [1, 2])]),
        KeyRotation(
            "threshold grows from 1 to 2 of 3, one signed", holds: false,
            [Step(1, of: [1, 2, 3], signedBy: [1]), Step(2, of: [1, 2, 3], signedBy: [2])]),
        KeyRotation(
            "threshold falls from 2 to 1 of 3, one signed", holds: false,
            [Step(2, of: [1, 2, 3], signedBy: [1, 2]), Step(1, of: [1, 2, 3], signedBy: [1])]),
        KeyRotation(
            "only one of two old keys signed, after a rotation that held", holds: false,
            [
                Step(1, of: [1], signedBy: [1]), Step(2, of: [2, 3], signedBy: [1, 2, 3]),
                Step(1, of: [4], signedBy: [4, 1, 2]),
            ]),
    ]

    /// Of any other role, from the key it had before to the one step: only what root names now counts.
    package static let ofAnotherRole = [
        KeyRotation("one key to another", [Step(1, of: [2], signedBy: [2])]),
        KeyRotation("one key among signatures of strangers", [Step(1, of: [1], signedBy: [3, 1, 4])]),
        KeyRotation("3 of 5, the first, third and fifth", [Step(3, of: [0, 1, 2, 3, 4], signedBy: [0, 2, 4])]),
        KeyRotation("3 of 5, out of order", [Step(3, of: [0, 1, 2, 3, 4], signedBy: [0, 4, 1])]),
        KeyRotation("3 of 5, the first two and the fourth", [Step(3, of: [0, 1, 2, 3, 4], signedBy: [0, 1, 3])]),
        KeyRotation("3 of 5, the three in the middle", [Step(3, of: [0, 1, 2, 3, 4], signedBy: [1, 2, 3])]),
        KeyRotation("3 of 5, the last three", [Step(3, of: [0, 1, 2, 3, 4], signedBy: [2, 3, 4])]),
        KeyRotation(
            "one key to another, new signature missing", holds: false, [Step(1, of: [2], signedBy: [1, 3, 4])]),
        KeyRotation(
            "3 of 5, one of three signed with a key that went", holds: false,
            [Step(3, of: [0, 1, 3, 4, 5], signedBy: [0, 2, 4])]),
        KeyRotation("3 of 5, two signed", holds: false, [Step(3, of: [0, 1, 3, 4, 5], signedBy: [0, 4])]),
    ]
}

extension RepositorySimulator {
    /// Names the step's keys in root as those of `role`, and lets its signers sign from now on.
    package func take(_ step: KeyRotation.Step, as role: RoleName) {
        let key = { (number: Int) in TestKey("rotation \(number)") }
        setKeys(of: role, to: step.keys.map(key), threshold: step.threshold)
        signers[role] = step.signedBy.map(key)
    }

    /// Publishes one root a step, the first of them version 1 in place of the simulator's own.
    package func publishRoots(_ rotation: KeyRotation) {
        for (index, step) in rotation.steps.enumerated() {
            take(step, as: .root)
            if index == 0 { restartRoots() } else { bumpRoot() }
        }
    }
}
