/** Fixtures and conformance suites for the tests of every module. */
@NullMarked
package org.jnvmet.testkit;

import org.jspecify.annotations.NullMarked;
