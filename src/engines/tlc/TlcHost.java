import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarFile;
import javax.management.MBeanServer;
import javax.management.ObjectName;

/**
 * Runs TLC once and ends. With `--warm JAR ARG...` it first runs TLC on a model of no interest, in a class loader that is thrown away, so that the
 * JVM has started and its own classes are compiled; it says READY and waits for one job on its standard input: the number of arguments,
 * then one argument a line. With `--run ARG...` the job is there at once. Either way the job meets classes of TLC that nobody has used before,
 * whose static state is new, and no second job follows (TLC leaks, and keeps what it knew).
 *
 * While it runs, a line a second on the standard error tells how far it is: TLC itself says so once a minute.
 */
public final class TlcHost {
  private TlcHost() { }

  public static void main(final String[] args) throws Exception {
    if (args[0].equals("--warm")) {
      warm(Path.of(args[1]), rest(args, 2));
      System.out.println("READY");
      final String[] job = read();
      if (job == null) {
        return;
      }
      leash();
      finish(run(TlcHost.class.getClassLoader(), job, System.out, true));
      // Nothing waits for the hooks of TLC and the JDK: they tidy a folder that is thrown away.
      Runtime.getRuntime().halt(status);
    } else {
      leash();
      finish(run(TlcHost.class.getClassLoader(), rest(args, 1), System.out, true));
      // A cold run may write the archive of its classes, which it does at its exit.
      Runtime.getRuntime().exit(status);
    }
  }

  private static final BufferedReader IN = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));

  private static FileChannel input;
  private static volatile boolean finished;
  private static int status;

  /** Whoever started us holds the other end of the standard input: when it is closed, nobody waits for an answer any more. */
  private static void leash() {
    input = new FileInputStream(FileDescriptor.in).getChannel();
    final Thread thread = new Thread(() -> {
      final ByteBuffer nothing = ByteBuffer.allocate(64);
      try {
        while (input.read(nothing) >= 0) {
          nothing.clear();
        }
      } catch (java.io.IOException gone) {
        // The same, or closed by us.
      }
      if (!finished) {
        Runtime.getRuntime().halt(137);
      }
    }, "probity-leash");
    thread.setDaemon(true);
    thread.start();
  }

  /** A JVM that ends waits 300 ms for threads that are in native code, as one is that reads: closing a channel wakes it. */
  private static void finish(final int code) throws java.io.IOException {
    System.out.flush();
    status = code;
    finished = true;
    input.close();
  }

  private static String[] rest(final String[] args, final int from) {
    return java.util.Arrays.copyOfRange(args, from, args.length);
  }

  /** Nothing when the other side went away. */
  private static String[] read() throws Exception {
    final String count = IN.readLine();
    if (count == null) {
      return null;
    }
    final List<String> job = new ArrayList<>();
    for (int i = 0; i < Integer.parseInt(count); i++) {
      final String line = IN.readLine();
      if (line == null) {
        return null;
      }
      job.add(line);
    }
    return job.toArray(new String[0]);
  }

  private static void warm(final Path jar, final String[] args) throws Exception {
    try (URLClassLoader apart = new URLClassLoader(new URL[] {jar.toUri().toURL()}, ClassLoader.getPlatformClassLoader())) {
      final PrintStream nowhere = new PrintStream(java.io.OutputStream.nullOutputStream());
      run(apart, args, nowhere, false);
    }
    // What TLC registers with the JVM would be there twice.
    final MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
    for (final ObjectName name : beans.queryNames(new ObjectName("tlc2.*:*"), null)) {
      beans.unregisterMBean(name);
    }
    load(jar);
  }

  /** Loads and links TLC's classes for the job, without a single one of them being initialised. */
  private static void load(final Path jar) throws Exception {
    try (JarFile file = new JarFile(jar.toFile())) {
      file.stream().map(entry -> entry.getName()).filter(name -> name.matches("(tlc2|tla2sany|util)/.*\\.class")).forEach(name -> {
        try {
          // Asked for its constructors, a class is verified and linked (JVMS 5.4), and still not initialised.
          Class.forName(name.substring(0, name.length() - ".class".length()).replace('/', '.'), false, TlcHost.class.getClassLoader()).getDeclaredConstructors();
        } catch (ClassNotFoundException | LinkageError absent) {
          // Something that needs what is not there: then no job uses it either.
        }
      });
    }
  }

  /** What `tlc2.TLC.main` does, and its exit status. */
  private static int run(final ClassLoader loader, final String[] args, final PrintStream out, final boolean telling) throws Exception {
    final Class<?> io = loader.loadClass("util.ToolIO");
    io.getField("out").set(null, out);
    io.getField("err").set(null, out);
    final Class<?> type = loader.loadClass("tlc2.TLC");
    final Object tlc = type.getConstructor().newInstance();
    if (!(Boolean) type.getMethod("handleParameters", String[].class).invoke(tlc, (Object) args)) {
      return 1;
    }
    final Class<?> resolver = loader.loadClass("util.FilenameToStream");
    type.getMethod("setResolver", resolver).invoke(tlc, loader.loadClass("util.SimpleFilenameToStream").getConstructor().newInstance());
    if (telling) {
      tell(loader);
    }
    final int code = (Integer) type.getMethod("process").invoke(tlc);
    return (Integer) loader.loadClass("tlc2.output.EC$ExitStatus").getMethod("errorConstantToExitStatus", int.class).invoke(null, code);
  }

  private static void tell(final ClassLoader loader) {
    final Thread thread = new Thread(() -> {
      try {
        final Class<?> globals = loader.loadClass("tlc2.TLCGlobals");
        while (true) {
          Thread.sleep(1000);
          final Object checker = globals.getField("mainChecker").get(null);
          if (checker != null) {
            System.err.println("PROGRESS " + number(checker, "getProgress") + " " + number(checker, "getStatesGenerated") + " " + number(checker, "getDistinctStatesGenerated") + " " + number(checker, "getStateQueueSize"));
          }
        }
      } catch (ReflectiveOperationException | InterruptedException ended) {
        // Another TLC than the one this was written for: then nothing is told.
      }
    }, "probity-progress");
    thread.setDaemon(true);
    thread.start();
  }

  private static long number(final Object of, final String name) throws ReflectiveOperationException {
    for (Class<?> type = of.getClass(); type != null; type = type.getSuperclass()) {
      for (final Method method : type.getDeclaredMethods()) {
        if (method.getName().equals(name) && method.getParameterCount() == 0) {
          method.setAccessible(true);
          return ((Number) method.invoke(of)).longValue();
        }
      }
    }
    throw new NoSuchMethodException(name);
  }
}
